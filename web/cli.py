"""``formloom``: everything an operator does. Commands import what they need when they run, so that help is instant."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from formloom.settings import Settings

    from web.composition import Services


def main() -> None:
    """The console script: refusals are told in a sentence, not in a traceback."""
    from formloom.errors import FormloomError

    try:
        cli(standalone_mode=True)
    except FormloomError as error:
        click.echo(f"formloom: {error}", err=True)
        for issue in error.issues:
            click.echo(f"  {issue.pointer or '/'}: {issue.code} {dict(issue.params) or ''}".rstrip(), err=True)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Forms and approval flows. Settings come from the environment (docs/operate.md)."""


def _settings(defaults: Mapping[str, str] | None = None) -> Settings:
    """What the environment says, before that the defaults of the command."""
    import os

    from formloom.logs import configure_logs
    from formloom.settings import Settings

    settings = Settings.from_env({**(defaults or {}), **os.environ})
    configure_logs(settings)
    return settings


@contextmanager
def _services(settings: Settings | None = None) -> Iterator[Services]:
    from web.composition import compose

    services = compose(settings or _settings())
    try:
        yield services
    finally:
        services.close()


@contextmanager
def _session(services: Services, workspace: str) -> Iterator[Any]:
    from formloom.db.uow import unit_of_work
    from formloom.workspaces import find_workspace

    workspace_id = find_workspace(services.databases, workspace)
    if workspace_id is None:
        raise click.ClickException(f"there is no workspace “{workspace}”")
    with unit_of_work(services.databases, workspace_id) as session:
        yield session


workspace_option = click.option("--workspace", default="main", show_default=True, help="The workspace's key.")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=1, show_default=True, help="Only with DATABASE_URL.")
def serve(host: str, port: int, processes: int) -> None:
    """Serve pages and API (and, without REDIS_URL, do the background work as well)."""
    from web.serve import run

    run(_settings(), host=host, port=port, processes=processes)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--prepare-only", is_flag=True, help="Load the data and stop.")
def demo(host: str, port: int, prepare_only: bool) -> None:
    """Load an app with believable data, print log-ins, serve."""
    from apps.demo import prepare_demo

    # Quiet, so that the log-ins stay in sight; links in messages lead to where this server is.
    settings = _settings({"DEMO": "1", "LOG_LEVEL": "WARNING", "PUBLIC_URL": f"http://{host}:{port}"})
    with _services(settings) as services:
        services.migrate()
        people = prepare_demo(services)
    click.echo("\nLog in as (e-mail, password, role)")
    for person in people:
        click.echo(f"  {person.login:<24} {person.password:<12} {person.title['en']} · {person.name}")
    if prepare_only:
        return
    click.echo(f"\nOpen http://{host}:{port} (Ctrl+C stops it; the data stays in {settings.data_dir})\n")
    from web.serve import run

    run(settings, host=host, port=port)


@cli.command()
def migrate() -> None:
    """Bring the database to this version."""
    with _services() as services:
        services.migrate()


@cli.command()
def worker() -> None:
    """Work off background jobs from Redis, until stopped."""
    from formloom.outbox.rq import run_worker

    settings = _settings()
    if not settings.redis_url:
        raise click.ClickException("without REDIS_URL the server works off its jobs itself")
    with _services(settings) as services:
        run_worker(settings.redis_url, services.runner)


@cli.command()
def clock() -> None:
    """Fire timers and seal the audit log, until stopped. Any number may run."""
    with _services() as services:
        services.run_clock()


@cli.group()
def journal() -> None:
    """The journals of runs."""


@journal.command("verify")
@workspace_option
def journal_verify(workspace: str) -> None:
    """Replay every run's journal and compare with its stored state."""
    with _services() as services, _session(services, workspace) as session:
        checked, differing = 0, []
        for run_id in services.flows.run_ids(session):
            checked += 1
            replay = services.flows.replay(session, run_id)
            if not replay.ok:
                differing.append((run_id, replay.differences))
    for run_id, differences in differing:
        click.echo(f"run {run_id}: {differences}", err=True)
    click.echo(f"{checked} runs replayed, {len(differing)} differ")
    sys.exit(1 if differing else 0)


@cli.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@workspace_option
def audit_verify(workspace: str) -> None:
    """Check the hash chain; name the first broken entry."""
    from formloom.audit import verify

    with _services() as services, _session(services, workspace) as session:
        verdict = verify(session)
    if verdict.ok:
        click.echo(f"{verdict.sealed} entries sealed and whole; the last seal is {verdict.last}")
        return
    raise click.ClickException(f"entry {verdict.broken_entry} was {verdict.reason}")


@cli.group()
def app() -> None:
    """Apps: bundles of definitions."""


@app.command("install")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@workspace_option
def app_install(folder: Path, workspace: str) -> None:
    """Install the app in FOLDER, or bring an installed one to that version."""
    from apps import bundle
    from apps.install import install
    from form_engine.records.actor import SYSTEM

    with _services() as services, _session(services, workspace) as session:
        done = install(session, services.stores, bundle.read(folder), SYSTEM)
    click.echo(f"{done.app} {done.version}: {len(done.published)} definitions published")


@app.command("export")
@click.argument("key")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@workspace_option
def app_export(key: str, folder: Path, workspace: str) -> None:
    """Write the app KEY as it runs now to FOLDER; the same app gives the same bytes."""
    from apps import bundle
    from apps.export import export

    with _services() as services, _session(services, workspace) as session:
        bundle.write(export(session, services.stores, key), folder)


@cli.group()
def user() -> None:
    """Accounts."""


@user.command("create")
@click.argument("login")
@click.argument("name")
@click.option("--role", "roles", multiple=True)
@click.password_option()
@workspace_option
def user_create(login: str, name: str, roles: tuple[str, ...], password: str, workspace: str) -> None:
    """Create an account; the workspace and the role admin come into being with the first."""
    from formloom.people import create_person, ensure_role
    from formloom.workspaces import create_workspace

    with _services() as services:
        create_workspace(services.databases, workspace, workspace)
        with _session(services, workspace) as session:
            if "admin" in roles:
                ensure_role(session, "admin", {"zh-CN": "管理员", "en": "Administrator"})
            person = create_person(session, login, name, roles=roles)
            services.access.set_password(session, person.id, password)
    click.echo(f"{login} may log in")


@user.command("password")
@click.argument("login")
@click.password_option()
@workspace_option
def user_password(login: str, password: str, workspace: str) -> None:
    """Set a new password and end all sessions of the account."""
    from formloom.people import find_person

    with _services() as services, _session(services, workspace) as session:
        services.access.set_password(session, find_person(session, login).id, password)
    click.echo("done; all sessions of this account have ended")


if __name__ == "__main__":
    main()
