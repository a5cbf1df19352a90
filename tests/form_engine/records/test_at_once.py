"""Many at once against one parent: never more than there is, no deadlock, every number once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from formloom.db.retry import sqlstate
from formloom.errors import Conflict, InvalidInput
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

THREADS = 8


def test_eight_threads_never_allocate_more_than_there_is(office: Any) -> None:
    parents = [office.create("budget", {"code": f"B{n}", "amount": "100.00"}).id for n in range(2)]
    claims = [
        office.create(
            "claim",
            # Half of them name the parents the other way round: whoever locks in the order of the input deadlocks here.
            {
                "subject": f"{n}",
                "lines": [{"budget": parent, "cost": "30.00"} for parent in parents[:: 1 - 2 * (n % 2)]],
            },
        ).id
        for n in range(THREADS)
    ]

    def approve(claim: int) -> str:
        try:
            office.update(claim, {"state": "approved"})
        except InvalidInput as error:
            return error.issues[0].code
        except Conflict as error:
            return error.code
        except DBAPIError as error:
            return str(sqlstate(error))
        return "approved"

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(approve, claims))
    assert sorted(outcomes) == ["approved"] * 3 + ["rule_failed"] * 5
    assert [Decimal(office.view(parent).computed["left"]) for parent in parents] == [Decimal(10), Decimal(10)]


def test_numbers_are_unique_and_without_gaps(office: Any) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda n: office.create("claim", {"subject": str(n)}).number, range(40)))
    assert sorted(int(number[-4:]) for number in made) == list(range(1, 41))


def test_two_writers_of_one_value_make_one_record(office: Any) -> None:
    def create(_: int) -> str:
        try:
            office.create("budget", {"code": "SAME", "amount": "1.00"})
        except InvalidInput as error:
            return error.code
        return "created"

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = sorted(pool.map(create, range(THREADS)))
    assert outcomes == ["created"] + ["not_unique"] * (THREADS - 1)


def test_concurrent_edits_of_different_fields_all_stand(office: Any) -> None:
    record = office.create("budget", {"code": "B1", "amount": "1.00"})
    edits: list[dict[str, Any]] = [{"name": "n"}, {"amount": "2.00"}, {"opened": "2026-01-05"}, {"secret": "s"}]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda edit: office.update(record.id, edit, expected_version=1), edits))
    with office.work() as session:
        version, data = session.execute(
            text("SELECT version, data FROM record WHERE id = :id"), {"id": record.id}
        ).one()
    assert version == 5
    assert data == {"code": "B1", "name": "n", "amount": "2.00", "opened": "2026-01-05", "secret": "s"}
