"""Words, logs, health, errors, housekeeping."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from formloom import audit, housekeeping
from formloom.access import Access
from formloom.db.connect import Server
from formloom.db.engine import Databases, databases_at
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidInput, Issue
from formloom.health import Health
from formloom.i18n import Catalogues, best_locale, localized
from formloom.logs import HIDDEN, configure_logs
from formloom.models import LoginSession
from formloom.people import create_person
from formloom.settings import Settings
from formloom.workspaces import all_workspaces, create_workspace, find_workspace, go_round
from sqlalchemy import func, select, text


@pytest.mark.parametrize(
    ("texts", "locale", "shown"),
    [
        ({"zh-CN": "收款", "en": "Payment"}, "en", "Payment"),
        ({"zh-CN": "收款", "en": "Payment"}, "zh-TW", "收款"),
        ({"zh-CN": "收款"}, "en", "收款"),
        ({"en-GB": "Cheque"}, "en", "Cheque"),
        ({"zh-CN": "", "fr": "Paiement"}, "zh-CN", "Paiement"),
        ({}, "en", ""),
        ("plain", "en", "plain"),
    ],
)
def test_words_of_definitions(texts: dict[str, str] | str, locale: str, shown: str) -> None:
    assert localized(texts, locale) == shown


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "zh-CN"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("fr,zh;q=0.7,en;q=0.3", "zh-CN"),
        ("fr;q=x,,;q=,de", "zh-CN"),
    ],
)
def test_the_browsers_wish(header: str | None, locale: str) -> None:
    assert best_locale(header) == locale


def test_words_of_the_code(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="zh_Hans_CN")
    catalog.add("%(count)s tasks", "%(count)s 个待办", flags=["python-format"])
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    words = Catalogues(tmp_path)
    assert words.translate("%(count)s tasks", "zh-CN", count=3) == "3 个待办"
    assert words.translate("%(count)s tasks", "en", count=3) == "3 tasks"
    assert words.translate("100%", "zh-CN") == "100%"


def test_an_error_says_everything_in_one_line() -> None:
    error = InvalidInput("invalid_input", {"form": "payment"}, (Issue("/lines/0/applied", "too_large", {"most": 5}),))
    assert str(error) == "invalid_input; form='payment'; /lines/0/applied: too_large {'most': 5}"


@contextmanager
def logging_as_configured(settings: Settings) -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logs(settings)
    yield
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def test_logs_are_json_without_personal_data(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_configured(settings):
        structlog.get_logger("web").info("saved", record=7, phone="138", request={"email": "a@b.test", "path": "/x"})
        logging.getLogger("library").warning("it said %s", "so")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["record"], first["level"], first["logger"]) == ("saved", 7, "info", "web")
    assert (first["phone"], first["request"]) == (HIDDEN, {"email": HIDDEN, "path": "/x"})
    assert (second["event"], second["level"]) == ("it said so", "warning")


def test_an_exception_is_one_line_of_json(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_configured(settings):
        try:
            raise ValueError("no")
        except ValueError:
            structlog.get_logger("web").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: no" in json.loads(line)["exception"]


def test_a_traceback_for_people_shows_no_values(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_configured(replace(settings, log_format="text")):
        try:
            phone = "13800000000"
            raise ValueError("no")
        except ValueError:
            structlog.get_logger("web").exception("failed", size=len(phone))
    said = capsys.readouterr().err
    assert "ValueError: no" in said
    assert phone not in said


def test_ready(databases: Databases, settings: Settings, workspace: int) -> None:
    health = Health(databases, settings)
    assert health.readiness().ready
    assert health.readiness().checks == {"database": "ok", "migrations": "ok", "redis": "unused", "outbox": "ok"}
    with databases.owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO outbox (workspace_id, key, kind, payload, available_at)"
                " VALUES (:workspace, 'k', 'x', '{}', now() - interval '1 hour')"
            ),
            {"workspace": workspace},
        )
    assert health.readiness().checks["outbox"] == "1 late"


def test_redis_away_stops_nobody(databases: Databases, settings: Settings) -> None:
    readiness = Health(databases, replace(settings, redis_url="redis://127.0.0.1:1/0")).readiness()
    assert (readiness.ready, readiness.checks["redis"]) == (True, "away")


def test_the_database_away(settings: Settings) -> None:
    nowhere = databases_at(Server(lambda: "postgresql://127.0.0.1:1/x"))
    readiness = Health(nowhere, settings).readiness()
    assert (readiness.ready, readiness.checks["database"]) == (False, "away")
    nowhere.close()


def test_workspaces(databases: Databases) -> None:
    first = create_workspace(databases, "main", "Main")
    assert create_workspace(databases, "main", "Again") == first
    assert find_workspace(databases, "main") == first
    assert find_workspace(databases, "none") is None
    assert all_workspaces(databases) == (first,)


def test_sweeping_removes_what_has_ended(databases: Databases, settings: Settings, workspace: int) -> None:
    access = Access(databases, settings)
    with unit_of_work(databases, workspace) as session:
        person = create_person(session, "ada@example.test", "Ada")
        access.set_password(session, person.id, "correct horse battery")
    opened = [access.log_in("ada@example.test", "correct horse battery", "192.0.2.1") for _ in range(2)]
    with databases.owner.begin() as connection:
        ended = "UPDATE login_session SET expires_at = now() WHERE id = (SELECT min(id) FROM login_session)"
        connection.execute(text(ended))
    housekeeping.sweep(databases)
    with unit_of_work(databases, workspace) as session:
        assert session.execute(select(func.count()).select_from(LoginSession)).scalar_one() == 1
    assert access.session_of(opened[1].token)


def test_a_chore_that_fails_holds_up_no_other(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, done = threading.Event(), []

    def fails(what: str) -> None:
        done.append(what)
        raise LookupError

    monkeypatch.setattr(audit, "seal", lambda databases: fails("seal"))
    monkeypatch.setattr(housekeeping, "sweep", lambda databases: done.append("sweep"))
    chores = (
        housekeeping.Chore(0, lambda: fails("first"), "first"),
        housekeeping.Chore(0, stop.set, "last"),
    )
    housekeeping.keep_house(databases, stop, chores=chores)
    assert done == ["seal", "sweep", "first"]


def test_a_workspace_that_fails_is_told_of_and_holds_up_no_other() -> None:
    def do(workspace: int) -> int:
        if workspace == 2:
            raise LookupError
        return workspace

    with structlog.testing.capture_logs() as told:
        assert go_round((1, 2, 3), "sweep", do) == [1, 3]
    assert [(line["workspace"], line["what"]) for line in told] == [(2, "sweep")]
