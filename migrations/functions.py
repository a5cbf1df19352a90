"""The SQL functions of this release. They belong to the release, not to a migration: each upgrade creates them anew."""

from collections.abc import Iterator
from importlib import import_module

PACKAGES = ("form_engine.records.sql", "flow_engine.sql")


def statements() -> Iterator[str]:
    """Every function of these packages. All say CREATE OR REPLACE; bodies are not checked, so order is free."""
    yield "SET LOCAL check_function_bodies = off"
    for package in PACKAGES:
        yield from import_module(package).statements()
