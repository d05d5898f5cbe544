"""From message classes to EXI grammars: the states of each type, with their productions in order.

Each content model becomes a deterministic automaton by the position construction (one position an
element, one state a set of positions that may come next). Bounded repetition is not unrolled: a
production knows the most items there may be and the state after the last one.

Source: W3C Efficient XML Interchange 1.0, 8.5 (schema-informed grammars), default options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from pyplc_fw.v2g.messages.fields import Field, Kind, fields_of
from pyplc_fw.v2g.messages.schema import Choice, ComplexType, Item, Particle, Sequence, Wildcard

ATTRIBUTE, ELEMENT, ANY, END, TEXT, MIXED = "AT", "SE", "SE(*)", "EE", "CH", "CH untyped"
"The events of a production, in the order they have within a state."


@dataclass(frozen=True, slots=True)
class Production:
    """One event that a state declares."""

    event: str
    next_state: int = 0
    field: Field | None = None
    slot: int = 0
    "Place of the field in its class."
    member: type[ComplexType] | None = None
    "The element's class where the field offers several."
    maximum: int | None = None
    "The most items of a bounded repetition ..."
    full_state: int = 0
    "... and the state that follows the last one."

    @property
    def qname(self) -> tuple[str, str]:
        """Local name, then namespace: the order in which EXI sorts."""
        if self.member is not None:
            return self.member.__name__, self.member.namespace
        if self.field is None:
            return "", ""
        return self.field.name, self.field.namespace

    @property
    def offers_head(self) -> bool:
        """The production is a group's head that the class leaves out of its union."""
        if self.field is None or self.member is None:
            return False
        return self.member not in self.field.members


@dataclass(frozen=True, slots=True)
class State:
    """One state; an event's code is its place among the productions."""

    productions: tuple[Production, ...]

    @property
    def bits(self) -> int:
        """Width of the event code: one value more than productions, for what is undeclared."""
        return len(self.productions).bit_length()


@dataclass(frozen=True, slots=True, eq=False)
class _Position:
    """One place of the content model where an element may stand."""

    number: int
    slot: int | None
    "None is a wildcard."
    maximum: int | None = None

    @property
    def order(self) -> tuple[bool, int]:
        return self.slot is None, self.number


@dataclass(slots=True)
class _Part:
    """A piece of the content model: how it begins, how it ends, whether it may be empty."""

    first: list[_Position] = field(default_factory=list)
    last: list[_Position] = field(default_factory=list)
    nullable: bool = True


class _ContentModel:
    """The positions of one content model and what may follow each of them."""

    def __init__(self, fields: tuple[Field, ...], particle: Particle) -> None:
        self._slots = {entry.name: slot for slot, entry in enumerate(fields)}
        self._fields = fields
        self._numbers = count()
        self.follow: dict[_Position, list[_Position]] = {}
        self.whole = self._part(particle)

    def _part(self, particle: Particle) -> _Part:
        match particle:
            case Item(name):
                return self._leaf(self._slots[name], particle.minimum, particle.maximum)
            case Wildcard(minimum, maximum):
                return self._leaf(None, minimum, maximum)
            case Sequence(minimum=minimum, maximum=maximum):
                return self._repeated(particle, minimum, maximum)
            case Choice(minimum=minimum, maximum=maximum):
                return self._repeated(particle, minimum, maximum)

    def _leaf(self, slot: int | None, minimum: int, maximum: int | None) -> _Part:
        part = self._in_a_row(self._position(slot) for _ in range(minimum))
        if maximum == minimum:
            return part
        once_more = self._position(slot, None if maximum == 1 else maximum)
        if maximum != 1:
            self._link(once_more.last, once_more.first)
        once_more.nullable = True
        return self._then(part, once_more)

    def _position(self, slot: int | None, maximum: int | None = None) -> _Part:
        position = _Position(next(self._numbers), slot, maximum)
        self.follow[position] = []
        return _Part([position], [position], nullable=False)

    def _repeated(self, group: Sequence | Choice, minimum: int, maximum: int | None) -> _Part:
        copies = [self._once(group) for _ in range(max(minimum, 1))]
        if maximum is None:
            self._link(copies[-1].last, copies[-1].first)
        for _ in range(len(copies), maximum or 0):
            copies.append(replace(self._once(group), nullable=True))
        part = self._in_a_row(copies)
        return replace(part, nullable=part.nullable or minimum == 0)

    def _once(self, group: Sequence | Choice) -> _Part:
        parts = (self._part(particle) for particle in group.particles)
        return self._in_a_row(parts) if isinstance(group, Sequence) else self._either(parts)

    def _either(self, parts: Iterable[_Part]) -> _Part:
        whole = _Part(nullable=False)
        for part in parts:
            whole.first += part.first
            whole.last += part.last
            whole.nullable |= part.nullable
        return whole

    def _in_a_row(self, parts: Iterable[_Part]) -> _Part:
        whole = _Part()
        for part in parts:
            whole = self._then(whole, part)
        return whole

    def _then(self, before: _Part, after: _Part) -> _Part:
        self._link(before.last, after.first)
        return _Part(
            first=before.first + (after.first if before.nullable else []),
            last=after.last + (before.last if after.nullable else []),
            nullable=before.nullable and after.nullable,
        )

    def _link(self, ends: list[_Position], beginnings: list[_Position]) -> None:
        for end in ends:
            known = self.follow[end]
            known += [position for position in beginnings if position not in known]


def _content_model(cls: type[ComplexType]) -> _ContentModel:
    fields = fields_of(cls)
    particle = cls.content_model or Sequence(
        tuple(
            Item(entry.name, entry.minimum, entry.maximum)
            for entry in fields
            if entry.kind is Kind.ELEMENT
        )
    )
    return _ContentModel(fields, particle)


class _Builder:
    """Numbers the states of one type in the order in which they are reached."""

    def __init__(self, cls: type[ComplexType]) -> None:
        self._mixed = cls.mixed
        self._fields = fields_of(cls)
        self._model = _content_model(cls)
        self._numbers: dict[object, int] = {}
        self._waiting: list[object] = []
        kinds = [entry.kind for entry in self._fields]
        self._attributes = kinds.count(Kind.ATTRIBUTE)
        self._text = kinds.index(Kind.TEXT) if Kind.TEXT in kinds else None
        whole = self._model.whole
        self._start = (tuple(sorted(whole.first, key=lambda p: p.order)), whole.nullable)

    def states(self) -> tuple[State, ...]:
        self._number(0 if self._attributes else self._content_key)
        states = []
        while self._waiting:
            states.append(State(tuple(self._productions(self._waiting.pop(0)))))
        return tuple(states)

    @property
    def _content_key(self) -> object:
        return "text" if self._text is not None else self._start

    def _number(self, key: object) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._waiting.append(key)
        return self._numbers[key]

    def _productions(self, key: object) -> Iterator[Production]:
        if isinstance(key, int):
            yield from self._attribute_state(key)
        elif key == "text":
            assert self._text is not None  # noqa: S101 - the key exists only where text does
            yield Production(TEXT, self._number("end"), self._fields[self._text], self._text)
        elif key == "end":
            yield Production(END)
        else:
            assert isinstance(key, tuple)  # noqa: S101 - the one kind of key that is left
            yield from self._content_state(*key)

    def _attribute_state(self, first: int) -> Iterator[Production]:
        for slot in range(first, self._attributes):
            after = slot + 1 if slot + 1 < self._attributes else self._content_key
            yield Production(ATTRIBUTE, self._number(after), self._fields[slot], slot)
            if self._fields[slot].minimum:
                return
        yield from self._productions(self._content_key)

    def _content_state(self, may_come: tuple[_Position, ...], ends: bool) -> Iterator[Production]:
        for position in may_come:
            yield from self._elements(position)
        if ends:
            yield Production(END)
        if self._mixed:
            yield Production(MIXED, self._number((may_come, ends)))

    def _elements(self, position: _Position) -> Iterator[Production]:
        next_state = self._number(self._after(position))
        if position.slot is None:
            yield Production(ANY, next_state)
            return
        full_state = 0
        if position.maximum is not None:
            full_state = self._number(self._after(position, full=True))
        entry = self._fields[position.slot]
        for member in _members(entry):
            yield Production(
                ELEMENT, next_state, entry, position.slot, member, position.maximum, full_state
            )

    def _after(self, position: _Position, *, full: bool = False) -> object:
        follow = [p for p in self._model.follow[position] if not (full and p is position)]
        follow.sort(key=lambda p: p.order)
        return tuple(follow), position in self._model.whole.last


def _members(entry: Field) -> list[type[ComplexType]] | list[None]:
    """List the elements that a field offers, a substitution group in the order of its codes."""
    if not entry.members:
        return [None]
    if entry.head is None:
        return list(entry.members)
    return sorted({*entry.members, entry.head}, key=lambda cls: (cls.__name__, cls.namespace))


def grammar_of(cls: type[ComplexType]) -> tuple[State, ...]:
    """Derive the states of ``cls``; raises TypeError when its fields break the rules of order."""
    _check_order(cls)
    return _Builder(cls).states()


def relaxed_grammar_of(
    cls: type[ComplexType], attributes: Iterable[tuple[str, str]], elements: int
) -> tuple[State, State]:
    """Derive the states of a fragment's element whose name has several types in the schema.

    ``attributes`` are all attribute names of the schema, ``elements`` how many element names it
    has. Anything of the schema may come; what ``cls`` does not hold is counted, and refused.

    Source: EXI 1.0, 8.5.3 (schema-informed element fragment grammar).
    """
    fields = {(entry.name, entry.namespace): (entry, slot) for slot, entry in _slots(cls)}
    text = next((slot, entry) for slot, entry in _slots(cls) if entry.kind is Kind.TEXT)
    refused = Production(ANY)
    start = [
        Production(ATTRIBUTE, 0, *fields[qname]) if qname in fields else refused
        for qname in sorted(attributes)
    ]
    start += [refused] * (elements + 3)  # any attribute, the elements, any element, the end
    start.append(Production(TEXT, 1, text[1], text[0]))
    rest = [refused] * (elements + 1)
    rest += [Production(END), Production(MIXED, 1)]
    return State(tuple(start)), State(tuple(rest))


def _slots(cls: type[ComplexType]) -> Iterator[tuple[int, Field]]:
    return iter(enumerate(fields_of(cls)))


def _check_order(cls: type[ComplexType]) -> None:
    kinds = [entry.kind for entry in fields_of(cls)]
    attributes = [entry for entry in fields_of(cls) if entry.kind is Kind.ATTRIBUTE]
    names = [(entry.name, entry.namespace) for entry in attributes]
    if names != sorted(names) or any(kind is Kind.ATTRIBUTE for kind in kinds[len(names) :]):
        raise TypeError(f"{cls.__name__}: attributes come first, sorted by name")
    if Kind.TEXT in kinds and kinds[len(names) :] != [Kind.TEXT]:
        raise TypeError(f"{cls.__name__}: simple content is the only field after the attributes")
