"""Guest links: one door for one guest, and all wrong keys look alike."""

from datetime import timedelta

import pytest
from formloom import guests
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.settings import Settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.conftest import WorkspaceClock

DAYS_3 = timedelta(days=3)


@pytest.fixture
def link(databases: Databases, workspace: int) -> guests.GuestLink:
    with unit_of_work(databases, workspace) as session:
        return guests.issue(session, "task:7", "王先生", "13800000000", valid_for=DAYS_3)


def test_a_good_token_finds_its_link(
    databases: Databases, settings: Settings, workspace: int, link: guests.GuestLink
) -> None:
    token = guests.token(settings, link)
    assert guests.resolve(databases, settings, token) == (workspace, link.id)
    assert len(token) >= 48, "128 bits and more beyond the id"
    with unit_of_work(databases, workspace) as session:
        assert guests.address(settings, session, f"guest:{link.id}") == f"https://formloom.test/g/{token}"
    with databases.owner.connect() as connection:
        assert token not in str(connection.execute(text("SELECT * FROM guest_link")).all())


def test_every_changed_character_makes_it_unknown(
    databases: Databases, settings: Settings, link: guests.GuestLink
) -> None:
    token = guests.token(settings, link)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert guests.resolve(databases, settings, token[:place] + other + token[place + 1 :]) is None


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=80))
def test_nonsense_is_unknown(databases: Databases, settings: Settings, token: str) -> None:
    assert guests.resolve(databases, settings, token) is None


def test_another_server_secret_opens_nothing(databases: Databases, settings: Settings, link: guests.GuestLink) -> None:
    from dataclasses import replace

    foreign = guests.token(replace(settings, secret_key="x" * 40), link)
    assert guests.resolve(databases, settings, foreign) is None


def test_it_expires_by_the_workspaces_clock(
    databases: Databases, settings: Settings, link: guests.GuestLink, clock: WorkspaceClock
) -> None:
    token = guests.token(settings, link)
    clock.advance(hours=71)
    assert guests.resolve(databases, settings, token)
    clock.advance(hours=1, seconds=2)
    assert guests.resolve(databases, settings, token) is None


def test_revoked_and_renewed(databases: Databases, settings: Settings, workspace: int, link: guests.GuestLink) -> None:
    first = guests.token(settings, link)
    with unit_of_work(databases, workspace) as session:
        guests.revoke(session, link.id)
    assert guests.resolve(databases, settings, first) is None
    with unit_of_work(databases, workspace) as session:
        second = guests.token(settings, guests.renew(session, link.id, valid_for=DAYS_3))
    assert guests.resolve(databases, settings, second) == (workspace, link.id)
    assert guests.resolve(databases, settings, first) is None
