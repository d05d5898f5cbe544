"""The streams that were worked out by hand, bit by bit."""

from __future__ import annotations

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from tests.unit.exi.bitwise import WORKED, Worked

each_example = pytest.mark.parametrize("example", WORKED, ids=lambda example: example.name)


@each_example
def test_the_message_gives_the_bits(example: Worked) -> None:
    assert exi.encode(example.message).hex() == example.stream.hex()


@each_example
def test_the_bits_give_the_message(example: Worked) -> None:
    assert exi.decode(example.schema, example.stream) == example.message


@each_example
def test_nothing_is_overlooked_in_them(example: Worked) -> None:
    assert exi.decode_with_warnings(example.schema, example.stream)[1] == []


@each_example
def test_json_and_back(example: Worked) -> None:
    document = exi.to_json(example.message)
    assert exi.from_json(example.schema, document) == example.message


@each_example
@pytest.mark.parametrize("lenient", [False, True])
def test_every_truncation_is_an_error(example: Worked, lenient: bool) -> None:
    for size in range(len(example.stream)):
        with pytest.raises(CodecError) as caught:
            exi.decode(example.schema, example.stream[:size], lenient=lenient)
        assert caught.value.bit is not None
        assert caught.value.bit <= 8 * size
