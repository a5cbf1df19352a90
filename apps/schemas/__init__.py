"""The JSON Schemas of what only bundles have: the app itself, its sample rows, people and stories."""

import json
from functools import cache
from pathlib import Path

from formloom.errors import InvalidDefinition

from form_engine.schemas import Checker


@cache
def _checker(name: str) -> Checker:
    return Checker(json.loads((Path(__file__).parent / f"{name}.schema.json").read_text("utf-8")))


def check_shape(name: str, document: object, file: str) -> None:
    """Raises InvalidDefinition with every place where the document leaves the schema `name`."""
    issues = tuple(_checker(name).issues(document))
    if issues:
        raise InvalidDefinition("bundle_invalid", {"file": file}, issues)
