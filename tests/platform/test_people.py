"""People, roles, departments; and what time it is for them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from formloom import clock as formloom_clock
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, InvalidInput
from formloom.models import Person, Workspace
from formloom.people import (
    create_department,
    create_person,
    disable_person,
    enable_person,
    ensure_role,
    manager_of,
    members_of_role,
    names,
    roles_of,
    search,
)

MakePerson = Callable[..., Person]


def test_roles_are_held_by_enabled_people_only(databases: Databases, workspace: int, make_person: MakePerson) -> None:
    ada, bob = make_person("Ada", "finance", "agent"), make_person("Bob", "finance")
    with unit_of_work(databases, workspace) as session:
        assert [person.name for person in members_of_role(session, "finance")] == ["Ada", "Bob"]
        assert roles_of(session, ada.id) == {"finance", "agent"}
        disable_person(session, ada.id)
        assert [person.id for person in members_of_role(session, "finance")] == [bob.id]
        assert roles_of(session, ada.id) == frozenset()
        enable_person(session, ada.id)
        assert roles_of(session, ada.id) == {"finance", "agent"}


def test_a_login_is_taken_once_however_it_is_written(
    databases: Databases, workspace: int, other_workspace: int
) -> None:
    with unit_of_work(databases, workspace) as session:
        create_person(session, "Ada@Example.test", "Ada")
        with pytest.raises(Conflict, match="login_taken"):
            create_person(session, " ada@example.TEST", "Another")
        with pytest.raises(InvalidInput, match="required"):
            create_person(session, "  ", "Nobody")
    with unit_of_work(databases, other_workspace) as session, pytest.raises(Conflict, match="login_taken"):
        create_person(session, "ａda@example.test", "Full width")


def test_unknown_roles_are_named(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        ensure_role(session, "known", {"en": "Known"})
    with pytest.raises(InvalidInput) as caught, unit_of_work(databases, workspace) as session:
        create_person(session, "ada@example.test", "Ada", roles=["known", "emperor"])
    assert [issue.params for issue in caught.value.issues] == [{"role": "emperor"}]


def test_managers_up_the_tree(databases: Databases, workspace: int, make_person: MakePerson) -> None:
    boss, head, deputy = (make_person(name) for name in ("Boss", "Head", "Deputy"))
    with unit_of_work(databases, workspace) as session:
        firm = create_department(session, "firm", {"en": "Firm"}, manager=boss.id)
        sales = create_department(session, "sales", {"en": "Sales"}, parent=firm.id, manager=head.id)
        shop = create_department(session, "shop", {"en": "Shop"}, parent=sales.id, manager=deputy.id)
        clerk = create_person(session, "clerk@example.test", "Clerk", department=shop)
        session.get_one(Person, (workspace, head.id)).department_id = sales.id
        session.flush()

        def above(person_id: int, level: int = 1) -> str | None:
            found = manager_of(session, person_id, level)
            return found.name if found else None

        assert [above(clerk.id, level) for level in (1, 2, 3, 4)] == ["Deputy", "Head", "Boss", None]
        assert above(head.id) == "Boss", "nobody is their own manager"
        disable_person(session, deputy.id)
        assert above(clerk.id) == "Head", "who is away is skipped"
        firm.parent_id = shop.id  # a circle that somebody made
        session.flush()
        assert above(clerk.id, 9) is None


def test_finding_people(databases: Databases, workspace: int, make_person: MakePerson) -> None:
    li, wang = make_person("李雷"), make_person("100%_王")
    with unit_of_work(databases, workspace) as session:
        assert names(session, [li.id, wang.id, 999]) == {li.id: "李雷", wang.id: "100%_王"}
        assert [person.id for person in search(session, "%")] == [wang.id]
        assert [person.id for person in search(session, "李")] == [li.id]


def test_time_is_the_databases_plus_the_offset(databases: Databases, workspace: int) -> None:
    christmas = datetime(2025, 12, 24, 17, 30, tzinfo=UTC)
    with unit_of_work(databases, workspace) as session:
        assert abs(formloom_clock.app_now(session) - datetime.now(UTC)) < timedelta(seconds=30)
        formloom_clock.travel(session, christmas)
    with unit_of_work(databases, workspace) as session:
        now = formloom_clock.app_now(session)
        assert timedelta(seconds=-1) <= now - christmas < timedelta(seconds=30)
        assert now == formloom_clock.app_now(session), "it stands still within a transaction"
        assert formloom_clock.today(session) == date(2025, 12, 25), "it is past midnight in Shanghai"
        session.get_one(Workspace, workspace).time_zone = "America/New_York"
    with unit_of_work(databases, workspace) as session:
        assert formloom_clock.today(session) == date(2025, 12, 24)


def test_frozen_time(databases: Databases, workspace: int) -> None:
    instant = datetime(2024, 2, 29, 16, tzinfo=UTC)
    with unit_of_work(databases, workspace) as session:
        with formloom_clock.freeze(instant):
            assert formloom_clock.app_now(session) == instant
            assert formloom_clock.today(session) == date(2024, 3, 1)
        assert formloom_clock.app_now(session) > instant
    with pytest.raises(ValueError, match="time zone"), formloom_clock.freeze(datetime(2024, 1, 1)):  # noqa: DTZ001
        pass
