"""The formula language: text → checked tree → value. Pure: no database, no clock, no request."""

from .checked import Checked, Path, Reads
from .env import NO_CONTEXT, NO_RECORD, Calendar, Context, Env, Organisation
from .errors import CODES, FormulaError
from .nodes import Call, Literal, Name, Node, walk
from .types import Type, TypeScope, parse_type
from .values import (
    DIV0,
    NA,
    NUM,
    REF,
    VALUE,
    ErrorValue,
    LinkRef,
    LocationValue,
    PersonValue,
    RecordValue,
    Value,
)

__all__ = [
    "CODES",
    "DIV0",
    "NA",
    "NO_CONTEXT",
    "NO_RECORD",
    "NUM",
    "REF",
    "VALUE",
    "Calendar",
    "Call",
    "Checked",
    "Context",
    "Env",
    "ErrorValue",
    "FormulaError",
    "LinkRef",
    "Literal",
    "LocationValue",
    "Name",
    "Node",
    "Organisation",
    "Path",
    "PersonValue",
    "Reads",
    "RecordValue",
    "Type",
    "TypeScope",
    "Value",
    "parse_type",
    "walk",
]
