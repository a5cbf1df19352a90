"""The SQL functions of this release. They belong to the release, not to a migration: each upgrade creates them anew."""

from collections.abc import Iterator
from importlib.resources import files

FOLDERS = (("form_engine", "records/sql"), ("flow_engine", "sql"))


def statements() -> Iterator[str]:
    """Every `*.sql` of these folders, by name. All say CREATE OR REPLACE; bodies are not checked, so order is free."""
    yield "SET LOCAL check_function_bodies = off"
    for package, folder in FOLDERS:
        found = (path for path in files(package).joinpath(folder).iterdir() if path.name.endswith(".sql"))
        for path in sorted(found, key=lambda path: path.name):
            yield path.read_text("utf-8")
