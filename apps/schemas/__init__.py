"""The JSON Schemas of what only bundles have: the app itself, its sample rows, its sample people."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from formloom.errors import InvalidDefinition, Issue
from jsonschema import Draft202012Validator


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((Path(__file__).parent / f"{name}.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema)


def check_shape(name: str, document: Any, file: str) -> None:
    """Raises InvalidDefinition with every place where the document leaves the schema `name`."""
    errors = sorted(_validator(name).iter_errors(document), key=lambda error: error.json_path)
    if errors:
        issues = tuple(Issue(_pointer(error.absolute_path), f"schema_{error.validator}") for error in errors)
        raise InvalidDefinition("bundle_invalid", {"file": file}, issues)


def _pointer(path: Any) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
