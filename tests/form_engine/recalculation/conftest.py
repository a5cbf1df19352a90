"""Fixtures of the tests of recalculation."""

from typing import Any

import pytest
from formloom.db.engine import Databases

from tests.form_engine.recalculation import works as world_of_works


@pytest.fixture
def works(databases: Databases, workspace: int) -> Any:
    """Rates, items, orders, projects: live, and a service over them."""
    return world_of_works.Works(databases, workspace)


@pytest.fixture
def world() -> Any:
    """The module of the works, for tests that open their own."""
    return world_of_works
