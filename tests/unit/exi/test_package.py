"""The codec as others get it: a C library that is installed, and a Python distribution alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS

EXI = Path(__file__).resolve().parents[3] / "exi"
PRINTED = (
    '{"V2G_Message":{"Header":{"SessionID":"0102030405060708"},"Body":{"SessionStopReq":{}}}}\n'
)
FAST = "CFLAGS=-O0"


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - compilers and our own programs
        list(map(str, command)),
        capture_output=True,
        check=False,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def need(program: str, package: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} (Debian package {package})")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install what the Makefile makes."""
    folder = tmp_path_factory.mktemp("make")
    prefix = folder / "usr"
    make: list[str | Path] = ["make", "-s", "-j2", "-C", EXI, "install"]
    run(*make, f"PREFIX={prefix}", f"BUILD={folder / 'build'}", FAST)
    return prefix


def test_what_is_installed(installed: Path) -> None:
    found = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert found == {
        "bin/pyplc-exi",
        "include/pyplc_exi/exi.h",
        "include/pyplc_exi/grammar.h",
        "include/pyplc_exi/json.h",
        "lib/libpyplc-exi.a",
        "lib/libpyplc-exi.so",
        "lib/libpyplc-exi.so.0",
        "lib/pkgconfig/pyplc-exi.pc",
        "share/man/man1/pyplc-exi.1",
    }


def test_the_library_shows_what_its_headers_declare(installed: Path) -> None:
    told = run("nm", "-D", "--defined-only", installed / "lib" / "libpyplc-exi.so.0")
    shown = {line.split()[-1] for line in told.splitlines()}
    headers = "".join(path.read_text() for path in (installed / "include/pyplc_exi").glob("*.h"))
    declared = set(re.findall(r"\b(exi_\w+)\(const struct|\b(exi_\w+)\(struct", headers))
    names = {a or b for a, b in declared} | {"exi_find_schema", "exi_schemas", "exi_schema_count"}
    inline = {"exi_name", "exi_value", "exi_text_at"}
    assert shown == names - inline


def test_an_example_is_built_with_pkg_config(installed: Path, tmp_path: Path) -> None:
    need("pkg-config", "pkg-config")
    path = str(installed / "lib" / "pkgconfig")
    flags = run("pkg-config", "--cflags", "--libs", "pyplc-exi", PKG_CONFIG_PATH=path).split()
    program = tmp_path / "decode"
    run("gcc", "-Wall", "-Werror", EXI / "examples" / "decode.c", *flags, "-o", program)
    assert run(program, LD_LIBRARY_PATH=str(installed / "lib")) == PRINTED


def test_the_headers_are_for_cplusplus_too(installed: Path, tmp_path: Path) -> None:
    need("g++", "g++")
    source = tmp_path / "use.cc"
    source.write_text(
        "#include <exi.h>\n#include <json.h>\n"
        'int main() { return exi_find_schema("din") == nullptr; }\n'
    )
    options = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{installed}/include/pyplc_exi"]
    run("g++", *options, "-o", tmp_path / "use", source, installed / "lib" / "libpyplc-exi.a")
    run(tmp_path / "use")


def test_some_schemas_are_enough(tmp_path: Path) -> None:
    run("make", "-s", "-j2", "-C", EXI, "command", "SCHEMAS=app din", f"BUILD={tmp_path}", FAST)
    lines = run(tmp_path / "pyplc-exi", "schemas").splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["app", "din"]


def test_cmake_installs_a_package_that_others_find(tmp_path: Path) -> None:
    need("cmake", "cmake")
    prefix, build = tmp_path / "usr", tmp_path / "build"
    options = ["-DPYPLC_EXI_SCHEMAS=app;din", "-DPYPLC_EXI_COMMAND=OFF"]
    run("cmake", "-S", EXI, "-B", build, f"-DCMAKE_INSTALL_PREFIX={prefix}", *options)
    run("cmake", "--build", build, "-j2")
    run("cmake", "--install", build)
    user = tmp_path / "user"
    user.mkdir()
    shutil.copy(EXI / "examples" / "decode.c", user)
    (user / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(user C)\n"
        "find_package(pyplc-exi 0.1 REQUIRED)\nadd_executable(decode decode.c)\n"
        "target_link_libraries(decode pyplc::pyplc-exi)\n"
    )
    run("cmake", "-S", user, "-B", user / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", user / "build")
    assert run(user / "build" / "decode") == PRINTED


def test_cmake_names_a_schema_that_there_is_not(tmp_path: Path) -> None:
    need("cmake", "cmake")
    command = ["cmake", "-S", EXI, "-B", tmp_path, "-DPYPLC_EXI_SCHEMAS=app;dim"]
    done = subprocess.run(  # noqa: S603 - cmake
        list(map(str, command)), capture_output=True, check=False, text=True
    )
    assert done.returncode != 0
    assert "there is no dim; there are" in " ".join(done.stderr.split())


def test_the_version_is_the_same_everywhere(installed: Path) -> None:
    project = tomllib.loads((EXI / "pyproject.toml").read_text())["project"]
    version = project["version"]
    assert f'#define EXI_VERSION "{version}"' in (EXI / "src" / "exi.h").read_text()
    assert f"Version: {version}\n" in (installed / "lib/pkgconfig/pyplc-exi.pc").read_text()
    assert run(installed / "bin" / "pyplc-exi", "--version").split()[-1] == version


# --- Python ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make sdist and wheel, the wheel of what is in the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    copy = folder / "exi"
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    shutil.copytree(EXI, copy, ignore=ignored)
    make = "import setuptools.build_meta as b, sys; b.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", make, folder, cwd=copy)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = (path for path in folder.glob("pyplc_exi-*") if path.is_dir())
    make = "import setuptools.build_meta as b, sys; b.build_wheel(sys.argv[1])"
    run(sys.executable, "-c", make, folder, cwd=unpacked, CFLAGS="-O0")
    return folder


def test_the_wheel_has_what_it_should(distribution: Path) -> None:
    (wheel,) = distribution.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert any(re.fullmatch(r"pyplc_exi\..*\.so", name) for name in names)
    assert "pyplc_exi-stubs/__init__.pyi" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_module_is_useful_alone(distribution: Path, tmp_path: Path) -> None:
    (wheel,) = distribution.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)  # noqa: S202 - we made it
    program = (
        "import pyplc_exi as e\n"
        'text, warnings = e.decode_json("din", bytes.fromhex("809a02004080c1014181c211f0"), 0)\n'
        "print(text)\n"
        'assert e.encode_json("din", text, 0).hex() == "809a02004080c1014181c211f0"\n'
        "assert warnings == ()\n"
        f"assert e.schemas() == {tuple(SCHEMAS)}\n"
        "try:\n    e.decode_json('din', b'\\x80', 0)\n"
        "except e.Error as error:\n    assert error.args[1] == 8, error.args\n"
        "else:\n    raise SystemExit('no error')\n"
        "try:\n    e.encode_json('din', '{}', 0)\n"
        "except e.Error as error:\n    assert error.args[1] is None, error.args\n"
        "else:\n    raise SystemExit('no error')\n"
    )
    first = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]\n"
    assert run(sys.executable, "-I", "-c", first + program) == PRINTED
