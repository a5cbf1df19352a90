"""The database as the app meets it: isolation by workspace, roles, drift, units of work."""

import psycopg
import pytest
from formloom import clock as formloom_clock
from formloom.db.direct import direct
from formloom.db.engine import Databases
from formloom.db.migrate import drift, is_current
from formloom.db.uow import after_commit, unit_of_work, workspace_of
from formloom.models import Person
from formloom.people import create_person
from sqlalchemy import select, text


def test_models_and_migrations_agree(databases: Databases) -> None:
    assert drift(databases) == []
    assert is_current(databases)


def test_a_unit_of_work_commits_or_leaves_nothing(databases: Databases, workspace: int) -> None:
    told: list[str] = []
    with unit_of_work(databases, workspace) as session:
        assert workspace_of(session) == workspace
        create_person(session, "Ada@Example.test ", "Ada")
        after_commit(session, lambda: told.append("ada"))
    with pytest.raises(RuntimeError), unit_of_work(databases, workspace) as session:
        create_person(session, "bob@example.test", "Bob")
        after_commit(session, lambda: told.append("bob"))
        raise RuntimeError
    with unit_of_work(databases, workspace) as session:
        assert list(session.scalars(select(Person.login))) == ["ada@example.test"]
    assert told == ["ada"]
