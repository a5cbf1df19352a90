"""The works, loaded by path: tests are no package."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from formloom.db.engine import Databases


def _load() -> Any:
    name = "form_engine_works"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("works.py"))
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def works(databases: Databases, workspace: int) -> Any:
    """Rates, items, orders, projects: live, and a service over them."""
    return _load().Works(databases, workspace)


@pytest.fixture
def world() -> Any:
    """The module of the works, for tests that open their own."""
    return _load()
