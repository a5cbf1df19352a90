"""The formula language: text → checked tree → value. Pure: no database, no clock, no request."""

from .checked import Checked, Path, Reads
from .checker import check
from .compiler import compile_formula as compile  # noqa: A004  (read as formula.compile)
from .env import NO_CONTEXT, NO_RECORD, Context, Env, Organisation
from .errors import CODES, FormulaError
from .lexer import RESERVED_NAMES
from .nodes import Call, Literal, Name, Node, walk
from .order import evaluation_order
from .parser import parse
from .printer import to_text
from .spelling import spell
from .tree import from_json, to_json
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
from .workdays import Calendar

__all__ = [
    "CODES",
    "DIV0",
    "NA",
    "NO_CONTEXT",
    "NO_RECORD",
    "NUM",
    "REF",
    "RESERVED_NAMES",
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
    "check",
    "compile",
    "evaluation_order",
    "from_json",
    "parse",
    "parse_type",
    "spell",
    "to_json",
    "to_text",
    "walk",
]
