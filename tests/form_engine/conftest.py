"""Fixtures of the form engine's tests."""

from typing import Any

import pytest
from formloom.db.engine import Databases

from tests.form_engine.office import open_office


@pytest.fixture
def office(databases: Databases, workspace: int) -> Any:
    """Two live forms, budget and claim, and the services over them."""
    return open_office(databases, workspace)
