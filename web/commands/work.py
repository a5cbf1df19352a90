"""Background jobs as an operator sees them: those of everybody."""

import click

from web.commands import composed, working_in, workspace_option


@click.group()
def jobs() -> None:
    """Long work with progress."""


@jobs.command("list")
@workspace_option
@click.option("--all", "everything", is_flag=True, help="Finished ones too.")
@click.option("--limit", default=50, show_default=True)
def jobs_list(workspace: str, everything: bool, limit: int) -> None:
    """The latest jobs: id, state, how far, kind, title, who started it."""
    from formloom import jobs as kernel

    with composed() as services, working_in(services, workspace) as session:
        for job in kernel.listing(session, limit=limit, unfinished=not everything):
            far = f"{job.done}/{job.total}" if job.total else str(job.done)
            wrong = f"  {job.error['code']}" if job.error else ""
            click.echo(f"{job.id:>8}  {job.state:<9}  {far:>15}  {job.kind}  {job.title}  {job.created_by}{wrong}")


@jobs.command("dead")
@workspace_option
def jobs_dead(workspace: str) -> None:
    """Work of the background that was given up: id, when, kind, the last error."""
    from web.desk.dead_letters import dead_letters_json

    with composed() as services, working_in(services, workspace) as session:
        for letter in dead_letters_json(session):
            click.echo(f"{letter['id']:>8}  {letter['dead_at']}  {letter['kind']}  {letter['error']}")


@jobs.command("resend")
@click.argument("letter_id", type=int)
@workspace_option
def jobs_resend(letter_id: int, workspace: str) -> None:
    """Try again what was given up, as `jobs dead` tells it; audited as done by the system."""
    from form_engine.records.actor import SYSTEM
    from web.desk.dead_letters import send_again

    with composed() as services, working_in(services, workspace) as session:
        click.echo(f"{send_again(session, letter_id, SYSTEM)['kind']}: sent again")


@jobs.command("cancel")
@click.argument("job_id", type=int)
@workspace_option
def jobs_cancel(job_id: int, workspace: str) -> None:
    """Ask a job to end; what it did so far stays."""
    from formloom import jobs as kernel

    with composed() as services, working_in(services, workspace) as session:
        click.echo(kernel.cancel(session, job_id).state)
