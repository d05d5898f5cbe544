"""The extension module: C core, generated tables and Python binding in one."""

from pathlib import Path

from setuptools import Extension, setup

HERE = Path(__file__).parent
SOURCES = sorted(
    str(path.relative_to(HERE))
    for folder in ("src", "generated", "python")
    for path in (HERE / folder).glob("*.c")
)

setup(
    ext_modules=[
        Extension(
            "pyplc_exi",
            SOURCES,
            include_dirs=["src"],
            depends=[str(path.relative_to(HERE)) for path in (HERE / "src").glob("*.h")],
            extra_compile_args=["-std=c11", "-O2", "-Wall", "-Wextra"],
        )
    ]
)
