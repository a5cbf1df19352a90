"""What an operator does from a shell, against the test's own database."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from click.testing import CliRunner, Result
from formloom import jobs
from formloom.access import Access
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidDefinition, NotFound
from formloom.people import find_person, roles_of
from formloom.settings import Settings
from formloom.workspaces import find_workspace
from psycopg.conninfo import conninfo_to_dict

from web.cli import SUBJECTS, cli

Run = Callable[..., Result]
PASSWORD = "a long enough password"


@pytest.fixture
def run(databases: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("user", "create", …)`: a command with its settings from the environment."""
    parts = {key: str(value) for key, value in conninfo_to_dict(databases.server.conninfo()).items() if value}
    name, user = parts.pop("dbname"), parts.pop("user", "")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{quote(user)}@/{name}?{urlencode(parts)}")
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("PUBLIC_URL", settings.public_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("LOG_LEVEL", "ERROR")

    def command(*words: str, fails: bool = False, **more: object) -> Result:
        result = CliRunner().invoke(cli, words, **more)  # type: ignore[arg-type]
        assert bool(result.exit_code) is fails, result.output
        return result

    return command


def test_a_first_workspace_as_the_manual_says(run: Run, databases: Databases, settings: Settings) -> None:
    run("workspace", "create", "acme", "Acme", "--time-zone", "Europe/Berlin", "--locale", "en")
    said = run("app", "install", "leasing_templates", "--workspace", "acme").output
    assert "forms   13 published" in said
    create = ("user", "create", "ada@acme.test", "Ada", "--role", "admin", "--workspace", "acme")
    run(*create, "--password", PASSWORD)
    workspace = find_workspace(databases, "acme")
    assert workspace is not None
    with unit_of_work(databases, workspace) as session:
        assert roles_of(session, find_person(session, "ada@acme.test").id) == {"admin"}
    assert Access(databases, settings).log_in("ada@acme.test", PASSWORD, "").workspace_id == workspace
    assert "0 published" in run("app", "install", "leasing_templates", "--workspace", "acme").output


def test_what_is_not_there_is_said_in_a_sentence(run: Run, workspace: int) -> None:
    assert "formloom workspace create" in run("journal", "verify", "--workspace", "nowhere", fails=True).output
    assert isinstance(run("app", "install", "nothing", "--workspace", "test", fails=True).exception, InvalidDefinition)
    unknown = run("user", "password", "nobody", "--password", PASSWORD, "--workspace", "test", fails=True)
    assert isinstance(unknown.exception, NotFound)
    assert "time zone" in run("workspace", "create", "x", "X", "--time-zone", "Mars/One", fails=True).output


def test_an_app_goes_out_as_it_came_in(run: Run, workspace: int, tmp_path: Path) -> None:
    run("app", "install", "leasing_templates", "--workspace", "test")
    run("app", "export", "leasing", str(tmp_path / "out"), "--workspace", "test")
    shipped = Path(__file__).parents[2] / "apps" / "leasing_templates"
    forms = sorted(path.name for path in (shipped / "forms").iterdir())
    assert forms == sorted(path.name for path in (tmp_path / "out" / "forms").iterdir())
    for name in forms:
        assert (tmp_path / "out" / "forms" / name).read_bytes() == (shipped / "forms" / name).read_bytes()


def test_a_token_acts_as_its_person_until_it_is_revoked(
    run: Run, databases: Databases, settings: Settings, workspace: int, make_person: Callable[..., object]
) -> None:
    make_person("Ada", "finance", login="ada@acme.test")
    create = ("token", "create", "ada@acme.test", "export", "--workspace", "test")
    made = run(*create, "--scope", "records:read")
    access = Access(databases, settings)
    identity = access.token_of(made.stdout.strip())
    assert identity is not None
    assert (identity.name, identity.scopes) == ("Ada", frozenset({"records:read"}))
    number = made.stderr.split()[1].rstrip(",")
    run("token", "revoke", number, "--workspace", "test")
    assert access.token_of(made.stdout.strip()) is None
    run("token", "revoke", number, "--workspace", "test", fails=True)
    assert "records:read" in run(*create, "--scope", "everything", fails=True).output


def test_a_new_password_ends_the_old_one(run: Run, databases: Databases, settings: Settings, workspace: int) -> None:
    run("user", "create", "eve@acme.test", "Eve", "--password", PASSWORD, "--workspace", "test")
    run("user", "password", "eve@acme.test", "--password", "another long password", "--workspace", "test")
    access = Access(databases, settings)
    access.log_in("eve@acme.test", "another long password", "")


def test_nothing_to_verify_is_whole(run: Run, workspace: int) -> None:
    assert run("journal", "verify", "--workspace", "test").output == "0 runs replayed, 0 differ\n"
    assert "sealed and whole" in run("audit", "verify", "--workspace", "test").output


@pytest.mark.parametrize("command", ["serve", "demo", "migrate", "worker", "clock", *(each.name for each in SUBJECTS)])
def test_every_command_says_what_it_does(command: str) -> None:
    said = CliRunner().invoke(cli, [command, "--help"])
    assert said.exit_code == 0
    assert len(said.output.splitlines()) > 4


def test_a_worker_needs_redis(run: Run) -> None:
    assert "REDIS_URL" in run("worker", fails=True).output


def test_the_manual_names_only_commands_that_there_are() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "production.md").read_text("utf-8")
    words = [line.split("formloom ", 1)[1].split() for line in manual.splitlines() if "formloom " in line.lstrip()[:9]]
    assert len(words) >= 3
    for first, *rest in words:
        group = cli.commands[first]
        subcommands = getattr(group, "commands", None)
        assert subcommands is None or rest[0] in subcommands, (first, rest)


def test_a_sheet_comes_in_and_a_list_goes_out(run: Run, workspace: int, tmp_path: Path) -> None:
    run("app", "install", "leasing_templates", "--workspace", "test")
    sheet, errors, out = tmp_path / "sites.csv", tmp_path / "errors.xlsx", tmp_path / "sites-out.csv"
    sheet.write_text("编号,名称,城市\nS1,一号,上海\nS2,,上海\n", "utf-8")
    tried = run("import", "site", str(sheet), "--workspace", "test", "--dry-run", "--errors", str(errors))
    assert "ok: 1" in tried.output
    assert "error: 1" in tried.output
    assert errors.stat().st_size > 1_000
    assert "nothing was imported" in run("import", "site", str(sheet), "--workspace", "test", fails=True).output
    assert "1 records written" in run("import", "site", str(sheet), "--workspace", "test", "--valid-only").output
    assert "1 records in" in run("export", "site", str(out), "--workspace", "test").output
    assert "S1,一号" in out.read_text("utf-8-sig")
    assert '"kind": "form"' in run("infer", str(sheet), "--workspace", "test").output


def test_jobs_are_listed_and_cancelled(run: Run, databases: Databases, workspace: int) -> None:
    here = ("--workspace", "test")
    with unit_of_work(databases, workspace) as session:
        job = jobs.start(session, "export", {}, by="system", title="A list", total=9)
    listed = run("jobs", "list", *here).output
    assert str(job) in listed
    assert "0/9" in listed
    assert run("jobs", "cancel", str(job), *here).output.strip() == "cancelled"
    assert "A list" not in run("jobs", "list", *here).output
    assert "A list" in run("jobs", "list", "--all", *here).output
