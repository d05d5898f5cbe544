"""The lock file's check sees what it must see."""

from __future__ import annotations

import pytest

from tools.check_lock import complaints, texts

HASH = f"--hash=sha256:{'0' * 64}"

PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
[project]
dependencies = ["msgspec"]
[project.optional-dependencies]
dev = ["pytest"]
"""
ASKED = "msgspec==0.22.0  # why\n# a comment\nsetuptools==80.9.0\npytest\n"
LOCK = f"""
msgspec==0.22.0 \\
    {HASH}
pytest==9.2.0 ; python_version >= '3.11' \\
    {HASH}
setuptools==80.9.0 \\
    {HASH} \\
    {HASH}
    # via -r requirements.in
"""


def test_files_that_agree_pass() -> None:
    assert list(complaints([PYPROJECT], ASKED, LOCK)) == []


@pytest.mark.parametrize(
    ("pyproject", "asked", "lock", "complaint"),
    [
        (
            PYPROJECT.replace('"pytest"', '"pytest", "Some_Tool>=1"'),
            ASKED,
            LOCK,
            "a pyproject.toml names some-tool, requirements.in does not",
        ),
        (
            PYPROJECT,
            ASKED + "rich==14.3.2\n",
            LOCK,
            "requirements.in asks for rich, requirements.lock has none: make lock",
        ),
        (
            PYPROJECT,
            ASKED.replace("0.22.0", "0.21.0"),
            LOCK,
            "msgspec: 0.21.0 asked for, 0.22.0 locked: make lock",
        ),
        (
            PYPROJECT,
            ASKED,
            LOCK.replace(f" \\\n    {HASH}\npytest", "\npytest"),
            "requirements.lock: msgspec has no hash",
        ),
        (
            PYPROJECT,
            ASKED,
            "--extra-index-url https://example.org\n" + LOCK,
            "requirements.lock names a place to download from",
        ),
    ],
)
def test_what_does_not_agree_is_named(
    pyproject: str, asked: str, lock: str, complaint: str
) -> None:
    assert list(complaints([pyproject], asked, lock)) == [complaint]


def test_this_checkout_agrees() -> None:
    assert list(complaints(*texts())) == []
