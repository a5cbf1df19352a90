"""``formloom``: the processes that run a server. What else an operator does stands in ``web.commands``."""

import sys

import click

from web.commands import (
    accounts,
    bundles,
    composed,
    documents,
    flows,
    forms,
    people,
    proof,
    runs,
    settings_from_environment,
    sheets,
    work,
)

SUBJECTS = (
    accounts.workspace,
    accounts.user,
    people.people,
    accounts.token,
    bundles.app,
    forms.form,
    flows.flow,
    *sheets.COMMANDS,
    documents.document,
    runs.run,
    proof.journal,
    proof.audit,
    work.jobs,
)


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
    """Forms and approval flows. Settings come from the environment (docs/production.md)."""


for subject in SUBJECTS:
    cli.add_command(subject)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=1, show_default=True, help="Only with DATABASE_URL.")
def serve(host: str, port: int, processes: int) -> None:
    """Serve pages and API (and, without REDIS_URL, do the background work as well)."""
    from web.serve import run

    run(settings_from_environment(), host=host, port=port, processes=processes)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--prepare-only", is_flag=True, help="Load the data and stop.")
def demo(host: str, port: int, prepare_only: bool) -> None:
    """Load an app with believable data, print log-ins, serve."""
    from apps.demo import prepare_demo

    # Quiet, so that the log-ins stay in sight; links in messages lead to where this server is.
    own = {"DEMO": "1", "LOG_LEVEL": "WARNING", "PUBLIC_URL": f"http://{host}:{port}"}
    settings = settings_from_environment(own)
    with composed(settings) as services:
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
    with composed() as services:
        services.migrate()


@cli.command()
def worker() -> None:
    """Work off background jobs from Redis, until stopped."""
    from formloom.collector import collect_seldom
    from formloom.outbox.rq import run_worker

    settings = settings_from_environment()
    if not settings.redis_url:
        raise click.ClickException("without REDIS_URL the server works off its jobs itself")
    with composed(settings) as services:
        collect_seldom()
        run_worker(settings.redis_url, services.runner)


@cli.command()
def clock() -> None:
    """Fire timers and seal the audit log, until stopped. Any number may run."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what a service manager sends ends it in good order too
    with composed() as services:
        services.run_clock()


if __name__ == "__main__":
    main()
