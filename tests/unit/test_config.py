"""The owner's file, well and badly written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.config import Config, ExiBackend, ExiConfig, load, parse
from pyplc_fw.errors import ConfigError


def test_an_empty_file_is_the_defaults() -> None:
    assert parse("") == Config()
    assert Config().exi.backend is ExiBackend.OWN


def test_a_command_for_exi() -> None:
    text = '[exi]\nbackend = "command"\npath = "/opt/OpenV2G.exe"\ntimeout_s = 1\n'
    expected = ExiConfig(backend=ExiBackend.COMMAND, path="/opt/OpenV2G.exe", timeout_s=1.0)
    assert parse(text).exi == expected


def test_syslog_on_the_powerline_is_off_unless_wanted() -> None:
    assert not Config().log.udp_syslog
    assert parse("[log]\nudp_syslog = true\n").log.udp_syslog


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[exi", "not TOML: .*end of document"),
        ("[exii]\n", "exii: unknown; did you mean exi?"),
        ("colour = 1", "colour: unknown; known are exi"),
        ('[exi]\nbakend = "own"', "exi.bakend: unknown; did you mean backend?"),
        ('[exi]\nbackend = "java"', "exi.backend: invalid enum value 'java'"),
        ('[exi]\nbackend = "command"', "exi.path: missing"),
        ('[exi]\npath = "/x"', "exi.path: of no use without"),
        ("[exi]\npath = 7", "exi.path: expected `str`, got `int`"),
        ('[exi]\nbackend = "command"\npath = "/x"\ntimeout_s = 0', "exi.timeout_s: .*>= 0.01"),
        ('[exi]\nbackend = "command"\npath = "/x"\ntimeout_s = nan', "exi.timeout_s"),
        ("[log]\nudp_syslog = 1", "log.udp_syslog: expected `bool`, got `int`"),
        ("exi = 3", "exi: expected `object`, got `int`"),
    ],
)
def test_a_mistake_is_named_with_its_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("?", r"\?")):
        parse(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pyplc\.toml: No such file"):
        load(tmp_path / "pyplc.toml")
    (tmp_path / "pyplc.toml").write_bytes(b"# \xff")
    with pytest.raises(ConfigError, match=r"pyplc\.toml: not UTF-8 at byte 2"):
        load(tmp_path / "pyplc.toml")
    (tmp_path / "pyplc.toml").write_text("x = 1")
    with pytest.raises(ConfigError, match=r"pyplc\.toml: x: unknown"):
        load(tmp_path / "pyplc.toml")


@given(st.text(max_size=60) | st.from_regex(r"\[exi\]\n(backend|path|timeout_s) = .{0,9}"))
def test_any_text_is_a_configuration_or_a_config_error(text: str) -> None:
    try:
        parse(text)
    except ConfigError:
        return
