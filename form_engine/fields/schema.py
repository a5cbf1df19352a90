"""JSON Schema fragments that several field types use in their `config_schema`."""

from typing import Any, Final

Schema = dict[str, Any]

KEY: Final[Schema] = {"$ref": "#/$defs/key"}
TEXT: Final[Schema] = {"$ref": "#/$defs/text"}
FORMULA: Final[Schema] = {"$ref": "#/$defs/formula"}
PATH: Final[Schema] = {"$ref": "#/$defs/path"}
SCALE: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 10}
DECIMAL: Final[Schema] = {
    "anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 40, "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}]
}
COLOR: Final[Schema] = {"$ref": "#/$defs/color"}
ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
"""A value's, not a definition's: the id of a record, a person, a department."""
ON_DELETE: Final[Schema] = {"enum": ["refuse", "clear", "cascade", "ask"]}
CURRENCY: Final[Schema] = {"type": "string", "pattern": "^[A-Z]{3}$"}
OPTIONS: Final[Schema] = {
    "type": "array",
    "minItems": 1,
    "maxItems": 500,
    "items": {
        "anyOf": [
            KEY,
            {
                "type": "object",
                "required": ["key"],
                "properties": {"key": KEY, "label": TEXT, "color": COLOR, "retired": {"type": "boolean"}},
                "additionalProperties": False,
            },
        ]
    },
}


def count(most: int) -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": most}


def listed(item: Schema, most: int) -> Schema:
    """The schema of a value that is a list of distinct items."""
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most, "uniqueItems": True}
