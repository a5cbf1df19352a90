"""The door: who gets in, who is thrown out, and what an outsider learns (nothing)."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from formloom.access import Access, create_api_token, passwords, revoke_api_token
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidInput, Throttled, Unauthenticated
from formloom.messages import Wanted, listing, shown_body
from formloom.models import Person
from formloom.people import disable_person
from formloom.settings import PasswordCost, Settings
from sqlalchemy import text

MakePerson = Callable[..., Person]
PASSWORD = "correct horse battery"
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def access(databases: Databases, settings: Settings) -> Access:
    return Access(databases, settings, reset_floor_seconds=0)


@pytest.fixture
def ada(databases: Databases, workspace: int, access: Access, make_person: MakePerson) -> Person:
    person = make_person("Ada", "finance", login="ada@example.test")
    with unit_of_work(databases, workspace) as session:
        access.set_password(session, person.id, PASSWORD)
    return person


def test_logging_in_and_out(access: Access, ada: Person) -> None:
    opened = access.log_in(" ADA@example.test", PASSWORD, HERE)
    identity = access.session_of(opened.token)
    assert identity is not None
    assert (identity.person_id, identity.name, identity.roles) == (ada.id, "Ada", frozenset({"finance"}))
    assert (identity.locale, identity.time_zone, identity.scopes) == ("zh-CN", "Asia/Shanghai", None)
    access.log_out(identity)
    assert access.session_of(opened.token) is None
    assert access.session_of("guessed") is None


def test_nothing_tells_whether_an_account_exists(access: Access, ada: Person) -> None:
    said = set()
    for login in ("ada@example.test", "nobody@example.test", "", "a" * 5000, "nul\x00"):
        with pytest.raises(Unauthenticated) as caught:
            access.log_in(login, "wrong password", HERE)
        said.add((caught.value.code, str(caught.value.params)))
    assert said == {("wrong_login", "{}")}


def test_an_unknown_account_takes_as_long(databases: Databases, settings: Settings, ada: Person) -> None:
    access = Access(databases, replace(settings, password_cost=PasswordCost(time=2, memory_kib=16384, lanes=1)))
    with unit_of_work(databases, ada.workspace_id) as session:
        access.set_password(session, ada.id, PASSWORD)

    def fastest(login: str) -> float:
        took = []
        for _ in range(3):
            began = time.perf_counter()
            with pytest.raises(Unauthenticated):
                access.log_in(login, "wrong password", HERE)
            took.append(time.perf_counter() - began)
        return min(took)

    known, unknown = fastest("ada@example.test"), fastest("nobody@example.test")
    assert 0.5 < known / unknown < 2


def test_guessing_is_slowed_down_by_account_and_address(access: Access, ada: Person) -> None:
    def guess(times: int, login: str, address: str) -> list[str]:
        said = []
        for _ in range(times):
            try:
                access.log_in(login, "wrong password", address)
            except (Unauthenticated, Throttled) as error:
                said.append(error.code)
        return said

    assert guess(9, "ada@example.test", HERE) == ["wrong_login"] * 8 + ["too_many_attempts"]
    with pytest.raises(Throttled) as caught:
        access.log_in("ada@example.test", PASSWORD, HERE)
    assert 0 < int(str(caught.value.params["retry_after"])) <= 300
    assert access.log_in("ada@example.test", PASSWORD, THERE), "somebody else's guesses lock nobody out elsewhere"
    for number in range(3, 8):
        guess(8, "ada@example.test", f"192.0.2.{number}")
    with pytest.raises(Throttled):
        access.log_in("ada@example.test", PASSWORD, "192.0.2.99")
    assert guess(9, "nobody@example.test", HERE) == ["wrong_login"] * 8 + ["too_many_attempts"], "the same for nobody"


def test_throttling_works_on_without_redis(databases: Databases, settings: Settings, ada: Person) -> None:
    access = Access(databases, replace(settings, redis_url="redis://127.0.0.1:1/0"))
    assert access.log_in("ada@example.test", PASSWORD, HERE)


def test_throttling_counts_in_redis_for_all_processes(databases: Databases, settings: Settings, redis_url: str) -> None:
    shared = replace(settings, redis_url=redis_url)
    one, two = Access(databases, shared), Access(databases, shared)
    for access in (one, two) * 4:
        with pytest.raises(Unauthenticated):
            access.log_in("shared@example.test", "wrong password", HERE)
    with pytest.raises(Throttled):
        two.log_in("shared@example.test", "wrong password", HERE)


def test_sessions_end_by_age_and_by_idleness(databases: Databases, access: Access, ada: Person) -> None:
    def after(change: str) -> bool:
        opened = access.log_in("ada@example.test", PASSWORD, HERE)
        assert access.session_of(opened.token)
        with databases.owner.begin() as connection:
            connection.execute(text(f"UPDATE login_session SET {change}"))
        return access.session_of(opened.token) is not None

    assert after("seen_at = now() - interval '11 hours'")
    assert not after("seen_at = now() - interval '13 hours'")
    assert not after("expires_at = now() - interval '1 second'")


def test_using_a_session_keeps_it_alive(databases: Databases, access: Access, ada: Person) -> None:
    opened = access.log_in("ada@example.test", PASSWORD, HERE)
    for _ in range(3):
        with databases.owner.begin() as connection:
            connection.execute(text("UPDATE login_session SET seen_at = seen_at - interval '11 hours'"))
        assert access.session_of(opened.token)


def test_a_new_password_ends_the_other_sessions(databases: Databases, access: Access, ada: Person) -> None:
    mine, stolen = (access.log_in("ada@example.test", PASSWORD, HERE) for _ in range(2))
    identity = access.session_of(mine.token)
    assert identity is not None
    with unit_of_work(databases, ada.workspace_id) as session:
        access.set_password(session, ada.id, "another good password", keep_session=identity.session_id)
    assert access.session_of(mine.token)
    assert access.session_of(stolen.token) is None


def test_the_disabled_are_out_at_once(databases: Databases, access: Access, ada: Person) -> None:
    opened = access.log_in("ada@example.test", PASSWORD, HERE)
    with unit_of_work(databases, ada.workspace_id) as session:
        _, token = create_api_token(session, ada.id, "script", ["records:read"])
        disable_person(session, ada.id)
    assert access.session_of(opened.token) is None
    assert access.token_of(token) is None
    with pytest.raises(Unauthenticated):
        access.log_in("ada@example.test", PASSWORD, HERE)


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "password_too_short"), ("x" * 257, "password_too_long"), ("ADA@example.test", "password_is_login")],
)
def test_bad_passwords_are_refused(databases: Databases, access: Access, ada: Person, password: str, code: str) -> None:
    with pytest.raises(InvalidInput, match=code), unit_of_work(databases, ada.workspace_id) as session:
        access.set_password(session, ada.id, password)


def mailed_token(databases: Databases, settings: Settings, workspace: int) -> str:
    with unit_of_work(databases, workspace) as session:
        message = listing(session, Wanted())[0]
        assert settings.public_url not in message.body, "the ledger holds no address that opens a door"
        line = next(line for line in shown_body(session, settings, message).splitlines() if line.startswith("http"))
    address, _, token = line.rpartition("/")
    assert address == f"{settings.public_url}/reset"
    return token


def test_a_forgotten_password(databases: Databases, settings: Settings, access: Access, ada: Person) -> None:
    stolen = access.log_in("ada@example.test", PASSWORD, HERE)
    access.ask_reset("Ada@example.test", HERE)
    token = mailed_token(databases, settings, ada.workspace_id)
    with databases.owner.connect() as connection:
        assert token not in str(connection.execute(text("SELECT * FROM password_reset")).all())
    access.reset(token, "another good password")
    assert access.session_of(stolen.token) is None
    assert access.log_in("ada@example.test", "another good password", HERE)
    with pytest.raises(InvalidInput, match="reset_link_invalid"):
        access.reset(token, "a third good password")


def test_a_reset_link_that_is_not_used_well_stays_usable(
    databases: Databases, settings: Settings, access: Access, ada: Person
) -> None:
    access.ask_reset("ada@example.test", HERE)
    token = mailed_token(databases, settings, ada.workspace_id)
    with pytest.raises(InvalidInput, match="password_too_short"):
        access.reset(token, "short")
    access.reset(token, "another good password")


def test_reset_links_grow_old(databases: Databases, settings: Settings, access: Access, ada: Person) -> None:
    access.ask_reset("ada@example.test", HERE)
    token = mailed_token(databases, settings, ada.workspace_id)
    with databases.owner.begin() as connection:
        connection.execute(text("UPDATE password_reset SET expires_at = expires_at - interval '61 minutes'"))
    for invalid in (token, "guessed", ""):
        with pytest.raises(InvalidInput, match="reset_link_invalid"):
            access.reset(invalid, "another good password")


def test_asking_for_nobody_looks_the_same(databases: Databases, settings: Settings, ada: Person) -> None:
    access = Access(databases, settings, reset_floor_seconds=0.05)
    for login in ("ada@example.test", "nobody@example.test"):
        began = time.perf_counter()
        access.ask_reset(login, HERE)
        assert time.perf_counter() - began >= 0.05
    for _ in range(4):
        access.ask_reset("nobody@example.test", HERE)
    with pytest.raises(Throttled):
        access.ask_reset("nobody@example.test", HERE)


def test_api_tokens(databases: Databases, access: Access, ada: Person) -> None:
    with unit_of_work(databases, ada.workspace_id) as session:
        token, text_ = create_api_token(session, ada.id, "script", ["records:read", "records:read"])
        _, brief = create_api_token(session, ada.id, "brief", [], timedelta(seconds=-1))
    identity = access.token_of(text_)
    assert identity is not None
    assert (identity.person_id, identity.scopes, identity.session_id) == (ada.id, frozenset({"records:read"}), None)
    assert access.token_of(brief) is None
    assert access.token_of("flm_guessed") is None
    with unit_of_work(databases, ada.workspace_id) as session:
        assert revoke_api_token(session, token.id)
        assert not revoke_api_token(session, token.id)
    assert access.token_of(text_) is None


def test_a_hash_of_other_cost_is_renewed_at_log_in(databases: Databases, settings: Settings, ada: Person) -> None:
    dearer = Access(databases, replace(settings, password_cost=PasswordCost(time=2, memory_kib=16, lanes=1)))
    dearer.log_in("ada@example.test", PASSWORD, HERE)
    with unit_of_work(databases, ada.workspace_id) as session:
        kept = session.get_one(Person, (ada.workspace_id, ada.id)).password_hash
    assert kept is not None
    assert "m=16,t=2" in kept


def test_a_crowd_at_the_door_waits_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hashing fills 64 MiB: as many at once as there are threads would fill the machine."""
    lock, inside, most = threading.Lock(), 0, 0

    class Slow:
        def hash(self, password: str) -> str:
            return "hash"

        def verify(self, kept: str, password: str) -> bool:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.01)
            with lock:
                inside -= 1
            return True

    monkeypatch.setattr(passwords, "PasswordHasher", lambda **_: Slow())
    door = passwords.Passwords(PasswordCost())
    crowd = [threading.Thread(target=door.fits, args=("hash", "a password")) for _ in range(8 * passwords.AT_ONCE)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert 1 < most <= passwords.AT_ONCE
