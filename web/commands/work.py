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


@jobs.command("cancel")
@click.argument("job_id", type=int)
@workspace_option
def jobs_cancel(job_id: int, workspace: str) -> None:
    """Ask a job to end; what it did so far stays."""
    from formloom import jobs as kernel

    with composed() as services, working_in(services, workspace) as session:
        click.echo(kernel.cancel(session, job_id).state)
