"""The registered schemas themselves."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pyplc_fw.v2g.messages.schema import SCHEMAS, Schema


@cache
def schema_of(name: str) -> Schema:
    """Return a schema by its name."""
    schema: Schema = import_module(SCHEMAS[name]).SCHEMA
    return schema
