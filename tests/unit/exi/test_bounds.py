"""Values outside their bounds are errors both ways, in every field of every schema.

A value just outside does not encode. The same value, written into the bits of a message that is
else good, does not decode: the place of a value in the stream is where two messages differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g.messages.fields import DataType
from pyplc_fw.v2g.messages.schema import SCHEMAS, Binary, ComplexType, Integer, Text, XsInteger
from tests.unit.exi.bitwise import octets, stream_of
from tests.unit.exi.least import ALL_LISTS, ALL_SITES, Site, some

NBIT_VALUES = 4096
"Integers of at most so many values are written in the fewest bits."

each_schema = pytest.mark.parametrize("schema", SCHEMAS)


def sites_of(schema: str) -> list[Site]:
    return [site for site in ALL_SITES if site.schema == schema]


# --- values that do not encode ---------------------------------------------------------------
def outside(datatype: DataType) -> Iterator[tuple[object, str]]:
    """Give values just outside, and what has to be said of them."""
    match datatype:
        case Integer(None, None):
            yield XsInteger(2**512), "an integer of more than 64 octets"
        case Integer(minimum, maximum) if minimum is not None and maximum is not None:
            for number in (minimum - 1, maximum + 1):
                yield number, f"{number} is outside {minimum} to {maximum}"
        case Text(maximum, minimum):
            yield from _lengths("a", "character", minimum, maximum)
            yield 5, "found the integer 5"
        case Binary(_, maximum, minimum):
            yield from _lengths(b"\0", "octet", minimum, maximum)
            yield "00", 'found the text "00"'
    if isinstance(datatype, type) and issubclass(datatype, Enum):
        values = [str(member.value) for member in datatype]
        yield "nothing", f'"nothing" is none of the {len(values)} values; expected {values[0]}'
    elif datatype is bool:
        yield 1, "expected a boolean, found the integer 1"


def _lengths(unit: Any, name: str, minimum: int, maximum: int | None) -> Iterator[tuple[Any, str]]:
    counts = [minimum - 1] if minimum else []
    counts += [] if maximum is None else [maximum + 1]
    for count in counts:
        yield unit * count, f"{count} {name}{'s' * (count != 1)}; expected "


@each_schema
def test_a_value_just_outside_does_not_encode(schema: str) -> None:
    tried = 0
    for site in sites_of(schema):
        for value, says in outside(site.datatype):
            with pytest.raises(CodecError) as caught:
                site.encode(site.message(value))
            assert caught.value.path == site.path
            assert str(caught.value).startswith(f"{site.path}: ")
            assert says in str(caught.value)
            tried += 1
    assert tried > 5


@each_schema
def test_the_bounds_themselves_go_both_ways(schema: str) -> None:
    for site in sites_of(schema):
        for value in bounds(site.datatype):
            message = site.message(value)
            assert site.decode(site.encode(message)) == message


def bounds(datatype: DataType) -> list[object]:
    match datatype:
        case Integer(None, None):
            return [XsInteger(2**511 - 1), XsInteger(1 - 2**511)]
        case Integer(minimum, maximum):
            return [minimum, maximum]
        case Text(maximum, minimum):
            return ["a" * minimum, "\U0001f600" * (minimum if maximum is None else maximum)]
        case Binary(_, maximum, minimum):
            return [bytes(minimum), bytes(minimum if maximum is None else maximum)]
    assert isinstance(datatype, type)
    return list(datatype) if issubclass(datatype, Enum) else [False, True]


@each_schema
def test_too_many_and_too_few_items_do_not_encode(schema: str) -> None:
    for site in (site for site in ALL_LISTS if site.schema == schema):
        minimum, maximum = site.field.minimum, site.field.maximum
        assert maximum is not None
        for count in (minimum, maximum):
            message = site.with_items(count)
            assert site.decode(site.encode(message)) == message
        path = site.path.removesuffix("[1]")
        with pytest.raises(CodecError) as caught:
            site.encode(site.with_items(maximum + 1))
        says = f"{maximum + 1} items; expected at most {maximum}"
        assert (str(caught.value), caught.value.path) == (f"{path}: {says}", path)
        if minimum:
            with pytest.raises(CodecError) as caught:
                site.encode(site.with_items(minimum - 1))
            assert caught.value.path == path.rpartition("/")[0]
            assert " is missing" in str(caught.value)


# --- bits that do not decode -----------------------------------------------------------------
class Bits(NamedTuple):
    """The bits of a message, and where in it a value's last bit is, or an octet's."""

    text: str
    last: int


def bits_of(site: Site, one: object, other: object) -> Bits:
    """Write two messages whose streams differ in the last bit of a value, or of its first octet."""
    streams = [octets(site.encode(site.message(value))) for value in (one, other)]
    assert len(streams[0]) == len(streams[1])
    (last,) = (n for n, pair in enumerate(zip(*streams, strict=True)) if pair[0] != pair[1])
    return Bits(streams[0], last)


def unsigned(number: int) -> str:
    """Write an Unsigned Integer: seven bits an octet, the least significant first."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F)
    more = [0x80 | group for group in groups[:-1]]
    return "".join(f"{octet:08b}" for octet in [*more, groups[-1]])


def damaged(site: Site) -> Iterator[tuple[str, str]]:
    """Give streams, as bits, whose value is outside, and what has to be said of them."""
    match site.datatype:
        case Integer(minimum, maximum) if minimum is not None and maximum is not None:
            if maximum - minimum < NBIT_VALUES:
                yield from _damaged_nbit(site, minimum, maximum)
            else:
                yield from _damaged_integer(site, minimum, maximum)
        case Text(maximum, minimum):
            yield from _damaged_length(site, minimum, maximum, ("`", "a"), 2)
        case Binary(_, maximum, minimum):
            yield from _damaged_length(site, minimum, maximum, (b"\0", b"\1"), 0)
    datatype = site.datatype
    if isinstance(datatype, type) and issubclass(datatype, Enum) and len(datatype) > 1:
        first, second, *_ = datatype
        bits = bits_of(site, first, second)
        for stream, number in _all_above(bits, len(datatype)):
            yield stream, f"value number {number} is outside 0 to {len(datatype) - 1}; expected "


def _all_above(bits: Bits, count: int) -> Iterator[tuple[str, int]]:
    """Write every number from ``count`` up into the value."""
    width = (count - 1).bit_length()
    start = bits.last + 1 - width
    for number in range(count, 1 << width):
        yield bits.text[:start] + f"{number:0{width}b}" + bits.text[start + width :], number


def _damaged_nbit(site: Site, minimum: int, maximum: int) -> Iterator[tuple[str, str]]:
    bits = bits_of(site, minimum, minimum + 1)
    for stream, number in _all_above(bits, maximum - minimum + 1):
        yield stream, f"{minimum + number} is outside {minimum} to {maximum}"


def _damaged_integer(site: Site, minimum: int, maximum: int) -> Iterator[tuple[str, str]]:
    even = (maximum - 1) & ~1
    bits = bits_of(site, even, even + 1)
    start, size = bits.last - 7, len(unsigned(even))
    before, after = bits.text[:start], bits.text[start + size :]
    within = f" is outside {minimum} to {maximum}"
    above = maximum + 1
    shown = str(above) if above < 2**64 else "a number of more than 64 bits"
    yield before + unsigned(above) + after, f"{shown}{within}"
    if minimum < 0:
        assert before[-1] == "0"
        shown = str(minimum - 1) if minimum > -(2**63) else "-9223372036854775809"
        yield before[:-1] + "1" + unsigned(-minimum) + after, f"{shown}{within}"
    elif minimum > 0:
        yield before + unsigned(minimum - 1) + after, f"{minimum - 1}{within}"


def _damaged_length(
    site: Site, minimum: int, maximum: int | None, pair: tuple[Any, Any], offset: int
) -> Iterator[tuple[str, str]]:
    """Write lengths beside the bounds, with as many characters or octets."""
    for count, change in ((minimum, -1), (maximum, 1)):
        if not count:
            continue
        one, other = pair
        bits = bits_of(site, one * count, other + one * (count - 1))
        content = bits.last - 7
        start = content - len(unsigned(count + offset))
        one_less, one_more = bits.text[content + 8 :], "01100001" + bits.text[content:]
        length = unsigned(count + change + offset)
        stream = bits.text[:start] + length + (one_less if change < 0 else one_more)
        yield stream, f"{count + change} "


@each_schema
def test_a_value_just_outside_does_not_decode(schema: str) -> None:
    tried = 0
    for site in sites_of(schema):
        for bits, says in damaged(site):
            for lenient in (False, True):
                with pytest.raises(CodecError) as caught:
                    site.decode(stream_of(bits), lenient=lenient)
                assert caught.value.path == site.path
                assert str(caught.value).startswith(f"{site.path}: {says}")
                assert caught.value.bit is not None
                assert str(caught.value).endswith(f" (at bit {caught.value.bit})")
            tried += 1
    assert tried > 5 or schema == "xmldsig"  # which has no bounds


def test_surgery_finds_the_value() -> None:
    """What the tests above cut into is the value: the same cut with a good value decodes."""
    for site in ALL_SITES:
        match site.datatype:
            case Integer(minimum, maximum) if minimum is not None and maximum is not None:
                if maximum - minimum < NBIT_VALUES:
                    continue
                even = (maximum - 1) & ~1
                bits = bits_of(site, even, even + 1)
                start, size = bits.last - 7, len(unsigned(even))
                changed = bits.text[:start] + unsigned(maximum - 5) + bits.text[start + size :]
                message: ComplexType = site.message(maximum - 5)
                assert site.decode(stream_of(changed)) == message


def test_every_schema_is_there() -> None:
    assert {site.schema for site in ALL_SITES} == set(SCHEMAS)
    for site in ALL_SITES:
        value = some(site.datatype)
        assert site.decode(site.encode(site.message(value))) == site.message(value)
