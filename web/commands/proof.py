"""What an operator may prove: that journals replay to what is stored, that the audit log is whole."""

import sys

import click

from web.commands import composed, working_in, workspace_option


@click.group()
def journal() -> None:
    """The journals of runs."""


@journal.command("verify")
@workspace_option
def journal_verify(workspace: str) -> None:
    """Replay every run's journal and compare with its stored state."""
    with composed() as services, working_in(services, workspace) as session:
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


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@workspace_option
def audit_verify(workspace: str) -> None:
    """Check the hash chain; name the first broken entry."""
    from formloom.audit import verify

    with composed() as services, working_in(services, workspace) as session:
        verdict = verify(session)
    if verdict.ok:
        click.echo(f"{verdict.sealed} entries sealed and whole; the last seal is {verdict.last}")
        return
    raise click.ClickException(f"entry {verdict.broken_entry} was {verdict.reason}")
