"""Another program in the place of our codec: a scripted stand-in, good and bad."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from pyplc_fw.config import ExiBackend, ExiConfig
from pyplc_fw.errors import CodecError, ConfigError, ExternalCodecError
from pyplc_fw.services.command_codec import CommandCodec, codec_maker, runner
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.message_codec import OWN_CODEC
from pyplc_fw.v2g.messages import app, din

ACCEPTED = app.supportedAppProtocolRes(
    ResponseCode=app.ResponseCode.OK_SuccessfulNegotiation, SchemaID=1
)
DECODED = json.dumps(
    {
        "msgName": "supportedAppProtocolRes",
        "error": "",
        "result": "ResponseCode 0, SchemaID_isUsed 1, SchemaID 1",
    }
)
ENCODED = json.dumps({"msgName": "", "error": "", "result": "80400040"})
GOOD = f"case $1 in D*) echo '{DECODED}';; *) echo '{ENCODED}';; esac"


def stand_in(folder: Path, script: str) -> Path:
    path = folder / "OpenV2G.exe"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def config(path: Path, timeout_s: float = 5.0) -> ExiConfig:
    return ExiConfig(backend=ExiBackend.COMMAND, path=str(path), timeout_s=timeout_s)


def codec(path: Path, timeout_s: float = 5.0, *, blocking: bool = False) -> CommandCodec:
    return CommandCodec(runner(config(path, timeout_s), blocking=blocking), structlog.get_logger())


def test_our_own_codec_is_the_default() -> None:
    assert codec_maker(ExiConfig())(structlog.get_logger()) is OWN_CODEC


@pytest.mark.parametrize("blocking", [False, True])
def test_a_good_command_is_taken(tmp_path: Path, blocking: bool) -> None:
    path = stand_in(tmp_path, GOOD)
    made = codec_maker(config(path), blocking=blocking)(structlog.get_logger())
    assert asyncio.run(made.encode(ACCEPTED)) == exi.encode(ACCEPTED)
    assert asyncio.run(made.decode("app", exi.encode(ACCEPTED))) == (ACCEPTED, [])


def test_a_missing_command_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[exi\] path: there is no file"):
        codec_maker(config(tmp_path / "OpenV2G.exe"))
    with pytest.raises(ConfigError, match=r"\[exi\] path: there is no file"):
        codec_maker(config(tmp_path))


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "ended with status 3"),
        ("kill -9 $$", "was killed by signal 9"),
        ("sleep 20", "no answer in 0.2 s"),
        ("exec sleep 20 >&-", "no answer in 0.2 s"),
        ("echo nonsense", "printed no JSON, but b?'nonsense"),
        ("true", "printed no JSON"),
        ("echo '[1]'", "no object of strings"),
        ("echo '{\"result\": 7}'", "no object of strings"),
        ('echo \'{"result": "80zz"}\'', "answered Eh__1 with '80zz'"),
        ('echo \'{"result": "804"}\'', "answered Eh__1 with '804'"),
        ('echo \'{"result": "8"}\'', "answered Eh__1 with '8'"),
        ('echo \'{"error": "no way"}\'', "answered Eh__1: no way"),
        ('echo \'{"result": "80400080"}\'', "SchemaID: 2 instead of 1"),
        ("head -c 300000 /dev/zero", "more than 262144 bytes"),
        ("yes", "(more than 262144 bytes|no answer)"),
    ],
)
def test_a_bad_command_is_named_and_nothing_hangs(
    tmp_path: Path, script: str, words: str, blocking: bool
) -> None:
    made = codec(stand_in(tmp_path, script), 0.2 if "sleep" in script else 2.0, blocking=blocking)
    with pytest.raises(ExternalCodecError, match=words):
        asyncio.run(made.encode(ACCEPTED))


def test_what_is_no_exi_is_an_error(tmp_path: Path) -> None:
    made = codec(stand_in(tmp_path, 'echo \'{"result": "ff"}\''))
    with pytest.raises(CodecError, match="EXI header"):
        asyncio.run(made.encode(ACCEPTED))


def test_a_file_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    path = stand_in(tmp_path, GOOD)
    path.write_bytes(b"\x7fELF nonsense")
    with pytest.raises(ConfigError, match=r"no OpenV2Gx command: .*OpenV2G\.exe: "):
        codec_maker(config(path))


def test_a_command_that_reads_its_own_answer_wrongly_is_refused(tmp_path: Path) -> None:
    path = stand_in(tmp_path, GOOD.replace("SchemaID 1", "SchemaID 2"))
    with pytest.raises(ConfigError, match="decodes its own answer wrongly"):
        codec_maker(config(path))


def test_an_error_while_decoding_is_the_peers(tmp_path: Path) -> None:
    made = codec(stand_in(tmp_path, 'echo \'{"error": "runTheDecoder error-110"}\''))
    with pytest.raises(CodecError, match="error-110") as caught:
        asyncio.run(made.decode("din", b"\x80\x9a"))
    assert not isinstance(caught.value, ExternalCodecError)


def test_a_schema_that_the_command_lacks(tmp_path: Path) -> None:
    with pytest.raises(ExternalCodecError, match="no schema iso2"):
        asyncio.run(codec(stand_in(tmp_path, GOOD)).decode("iso2", b"\x80"))


def test_a_difference_is_logged_once(tmp_path: Path) -> None:
    status = din.DC_EVStatus(EVReady=True, EVErrorCode=din.DC_EVErrorCode.NO_ERROR, EVRESSSOC=5)
    header = din.MessageHeader(SessionID=bytes(8))
    meant, made = (
        din.V2G_Message(
            Header=header,
            Body=din.Body(
                BodyElement=din.PreChargeReq(
                    DC_EVStatus=status,
                    EVTargetVoltage=din.volts(volts),
                    EVTargetCurrent=din.amps(1),
                )
            ),
        )
        for volts in (380.5, 380)
    )
    answer = json.dumps({"result": exi.encode(made).hex()})
    asked = codec(stand_in(tmp_path, f"echo '{answer}'"))
    with capture_logs() as logs:
        for _ in range(2):
            assert asyncio.run(asked.encode(meant)) == exi.encode(made)
    assert logs == [
        {
            "event": "v2g.command_says_otherwise",
            "what": ["PreChargeReq/EVTargetVoltage: 380 instead of 380.5"],
            "log_level": "warning",
        }
    ]
