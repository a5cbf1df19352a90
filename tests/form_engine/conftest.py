"""Fixtures of the form engine's tests."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from formloom.db.engine import Databases


def _load() -> Any:
    """Tests are no package (`--import-mode=importlib`), so what they share is loaded by its path."""
    name = "form_engine_office"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("office.py"))
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def office(databases: Databases, workspace: int) -> Any:
    """Two live forms, budget and claim, and the services over them."""
    return _load().open_office(databases, workspace)
