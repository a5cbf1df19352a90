"""Runs from the command line: looked for, explained, mended, moved, ended; audited as done by the system."""

import json
from typing import Any

import click

from web.commands import composed, working_in, workspace_option


@click.group()
def run() -> None:
    """Runs of flows."""


@run.command("list")
@workspace_option
@click.option("--flow")
@click.option("--status", default="open", show_default=True, help="running, stuck, open, ended, …")
@click.option("--search", "q", default="")
@click.option("--step")
@click.option("--incident", is_flag=True, help="Only those in which something failed.")
@click.option("--overdue", is_flag=True)
@click.option("--limit", default=50, show_default=True)
def list_(workspace: str, limit: int, **asked: Any) -> None:
    """The latest runs, one a line: id, status, flow, record, where it stands."""
    from flow_engine.service.runs import RunQuery
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        page = services.flows.list_runs(session, RunQuery(limit=limit, **asked), SYSTEM)
    for line in page.items:
        at = ", ".join(place.step if place.kind == "step" else f"{place.step} ({place.kind})" for place in line.at)
        click.echo(f"{line.id}\t{line.status}\t{line.flow}\t{line.number or line.record}\t{at}")
    if page.next is not None:
        click.echo("… there are more", err=True)


@run.command()
@workspace_option
@click.argument("number", type=int)
def show(workspace: str, number: int) -> None:
    """The way of a run: who did what, what conditions saw, what is stuck."""
    with composed() as services, working_in(services, workspace) as session:
        story = services.flows.story(session, number)
    click.echo(f"run {story.run.id} of {story.run.flow} v{story.run.flow_version}: {story.run.status}")
    for each in story.passages:
        told = " ".join(part for part in (each.what, each.act, each.step, each.comment or each.code) if part)
        click.echo(f"{each.seq:>4}  {each.at:%Y-%m-%d %H:%M:%S}  {each.actor}  {told}")
        for one in each.conditions:
            values = ", ".join(f"{name} = {value}" for name, value in one.values.items())
            click.echo(f"      {one.formula} with {values}: {one.answer}")
        for opened in each.opened:
            asked = ", ".join(f"{one.name} ({one.decision or one.status})" for one in opened.asked)
            click.echo(f"      → {opened.step} ({opened.kind}, visit {opened.visit}) {asked}")
    for incident in story.incidents:
        told = json.dumps(dict(incident.params), ensure_ascii=False)
        click.echo(f"stuck in visit {incident.visit} at {incident.step}: {incident.code} {told}")


def _operate(workspace: str, number: int, act: str, **told: Any) -> None:
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        services.flows.operate(session, number, SYSTEM, act, **told)
        status = services.flows.story(session, number).run.status
    click.echo(f"run {number}: {status}")


@run.command()
@workspace_option
@click.argument("number", type=int)
@click.option("--visit", type=int, required=True, help="As `run show` tells it.")
def retry(workspace: str, number: int, visit: int) -> None:
    """Do again what failed, on the record as it is now."""
    _operate(workspace, number, "retry", visit=visit)


@run.command()
@workspace_option
@click.argument("number", type=int)
@click.option("--visit", type=int, required=True, help="As `run show` tells it.")
@click.option("--reason", required=True)
def skip(workspace: str, number: int, visit: int, reason: str) -> None:
    """Leave out what failed, and go on."""
    _operate(workspace, number, "skip", visit=visit, reason=reason)


@run.command()
@workspace_option
@click.argument("number", type=int)
@click.argument("step")
@click.option("--reason", required=True)
@click.confirmation_option(prompt="Everything that is open in this run closes. Go on?")
def jump(workspace: str, number: int, step: str, reason: str) -> None:
    """Close everything that is open and go on at a step."""
    _operate(workspace, number, "jump", step=step, reason=reason)


@run.command()
@workspace_option
@click.argument("number", type=int)
@click.option("--reason", required=True)
@click.confirmation_option(prompt="The run ends and cannot be continued. Go on?")
def cancel(workspace: str, number: int, reason: str) -> None:
    """End a run."""
    _operate(workspace, number, "cancel", reason=reason)


@run.command()
@workspace_option
def health(workspace: str) -> None:
    """Counts of what is stuck, failed, dead or late. Ends with 1 where something needs somebody."""
    with composed() as services, working_in(services, workspace) as session:
        found = services.flows.health(session)
    for name in found.__slots__:
        click.echo(f"{name}\t{getattr(found, name)}")
    raise SystemExit(1 if found.stuck or found.dead_letters or found.late_timers else 0)
