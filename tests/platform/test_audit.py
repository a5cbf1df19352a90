"""The audit log: nobody changes it, and it shows when somebody did."""

import threading
import time
from collections.abc import Callable

import pytest
from formloom import audit
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError


def note(databases: Databases, workspace: int, *actions: str) -> None:
    for action in actions:
        with unit_of_work(databases, workspace) as session:
            audit.append(session, "person:1", action, "task:7", {"z": 1, "a": ["x", None]})


def verdict(databases: Databases, workspace: int) -> audit.Verdict:
    with unit_of_work(databases, workspace) as session:
        return audit.verify(session)


def sealed(databases: Databases, count: int, most: int = 1_000) -> bool:
    """Whether so many entries come to be sealed. Transactions of other tests' databases on this server hold it back."""
    deadline = time.monotonic() + 20
    while count > 0 and time.monotonic() < deadline:
        done = audit.seal(databases, most)
        count -= done
        if not done:
            time.sleep(0.05)
    return count == 0


@pytest.fixture
def tamper(databases: Databases) -> Callable[[str], None]:
    """What only the owner of the database can do, with the triggers asleep."""

    def run(statement: str) -> None:
        with databases.server.connect(None, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)

    return run


def test_an_unbroken_chain(databases: Databases, workspace: int, other_workspace: int) -> None:
    note(databases, workspace, "a", "b", "c")
    note(databases, other_workspace, "x")
    assert verdict(databases, workspace).sealed == 0
    assert sealed(databases, 4)
    assert audit.seal(databases) == 0
    note(databases, workspace, "d")
    assert sealed(databases, 1)
    found = verdict(databases, workspace)
    assert (found.ok, found.sealed, len(found.last)) == (True, 4, 64)


def test_large_logs_are_sealed_in_batches(databases: Databases, workspace: int) -> None:
    note(databases, workspace, *"abcdefg")
    assert audit.seal(databases, most=3) <= 3
    assert sealed(databases, 7 - verdict(databases, workspace).sealed, most=3)
    assert verdict(databases, workspace).ok


def test_an_open_transaction_holds_back_what_comes_after_it(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        audit.append(session, "person:1", "slow", "task:7")
        note(databases, workspace, "fast")  # commits first, with the larger id
        assert audit.seal(databases) == 0, "an entry with a smaller number may still appear"
    assert sealed(databases, 2)
    assert verdict(databases, workspace).ok


def test_any_number_of_sealers(databases: Databases, workspace: int) -> None:
    note(databases, workspace, *"abcdefghij")
    threads = [threading.Thread(target=audit.seal, args=(databases, 3)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sealed(databases, 10 - verdict(databases, workspace).sealed)
    assert verdict(databases, workspace) == audit.Verdict(True, 10, verdict(databases, workspace).last)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
@pytest.mark.parametrize("who", ["app", "owner"])
def test_the_database_refuses_changes(databases: Databases, workspace: int, statement: str, who: str) -> None:
    note(databases, workspace, "a")
    engine = databases.app if who == "app" else databases.owner
    refusal = "permission denied" if who == "app" else "only grows"
    with pytest.raises(DBAPIError, match=refusal), engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("table", ["run_journal", "record_history", "definition_version", "audit_seal"])
def test_other_logs_only_grow_as_well(databases: Databases, table: str) -> None:
    with pytest.raises(DBAPIError, match="only grows"), databases.owner.begin() as connection:
        connection.execute(text(f"DELETE FROM {table}"))


def test_the_app_cannot_seal(databases: Databases, workspace: int) -> None:
    forge = text("INSERT INTO audit_seal (workspace_id, seq, entry_id, hash) VALUES (:workspace, 1, 1, 'x')")
    with pytest.raises(DBAPIError, match="permission denied"), unit_of_work(databases, workspace) as session:
        session.execute(forge, {"workspace": workspace})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE audit_entry SET actor = 'person:2' WHERE action = 'b'", "changed"),
        ("""UPDATE audit_entry SET detail = '{"z": 2, "a": ["x", null]}' WHERE action = 'b'""", "changed"),
        ("UPDATE audit_entry SET at = at - interval '1 microsecond' WHERE action = 'b'", "changed"),
        ("DELETE FROM audit_entry WHERE action = 'b'", "missing"),
        ("DELETE FROM audit_seal WHERE seq = 1", "reordered"),
    ],
)
def test_the_first_broken_entry_is_named(
    databases: Databases, workspace: int, tamper: Callable[[str], None], change: str, reason: str
) -> None:
    note(databases, workspace, "a", "b", "c")
    assert sealed(databases, 3)
    with databases.owner.connect() as connection:
        second = connection.execute(text("SELECT id FROM audit_entry WHERE action = 'b'")).scalar_one()
    tamper(change)
    found = verdict(databases, workspace)
    assert (found.ok, found.reason, found.broken_entry) == (False, reason, second)


def test_an_entry_that_slipped_in_with_an_old_date(
    databases: Databases, workspace: int, tamper: Callable[[str], None]
) -> None:
    note(databases, workspace, "a")
    assert sealed(databases, 1)
    tamper(
        "INSERT INTO audit_entry (workspace_id, at, actor, action, subject)"
        f" VALUES ({workspace}, now() - interval '9 days', 'person:1', 'forged', 'task:7')"
    )
    audit.seal(databases)
    assert verdict(databases, workspace).reason == "unsealed"
