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
                "properties": {"key": KEY, "label": TEXT, "color": {"$ref": "#/$defs/color"}},
                "additionalProperties": False,
            },
        ]
    },
}


def count(most: int) -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": most}
