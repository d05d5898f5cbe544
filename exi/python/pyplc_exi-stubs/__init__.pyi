from typing import Final

FRAGMENT: Final[int]
LENIENT: Final[int]

class Error(ValueError):
    args: tuple[str, int | None, str]

def decode(
    schema: str, data: bytes, flags: int, /
) -> tuple[bytes, tuple[tuple[str, int, str], ...]]: ...
def encode(schema: str, root: str, record: bytes, flags: int, /) -> bytes: ...
def check_json(text: bytes, /) -> str | None: ...
