"""Flows as they are developed: versions, publishing, going back; and for other people's tools."""

from __future__ import annotations

import click

from web.commands import composed, working_in, workspace_option

_note = click.option("--note", default="", help="What is different, for whoever looks at the versions.")


@click.group()
def flow() -> None:
    """Flows: versions, publishing, BPMN."""


@flow.command("versions")
@click.argument("key")
@workspace_option
def flow_versions(key: str, workspace: str) -> None:
    """List the published versions of the flow KEY, the latest first."""
    with composed() as services, working_in(services, workspace) as session:
        store = services.flows.definitions
        live = store.live_versions(session).get(key)
        for one in store.versions(session, key):
            mark = "*" if one.version == live else " "
            when = one.published_at.isoformat(timespec="seconds")
            click.echo(f"{mark}{one.version:>4}  {when}  {one.published_by:<12} {one.note}".rstrip())


@flow.command("publish")
@click.argument("key")
@_note
@workspace_option
def flow_publish(key: str, note: str, workspace: str) -> None:
    """Publish the draft of the flow KEY."""
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        version = services.flows.definitions.publish(session, key, SYSTEM, note=note)
    click.echo(f"{key}: version {version} is live.")


@flow.command("bpmn")
@click.argument("key")
@click.option("--locale", default="zh-CN", show_default=True, type=click.Choice(["zh-CN", "en"]))
@workspace_option
def flow_bpmn(key: str, locale: str, workspace: str) -> None:
    """Write the live flow KEY as BPMN 2.0."""
    from flow_engine.bpmn import to_bpmn

    with composed() as services, working_in(services, workspace) as session:
        click.echo(to_bpmn(services.flows.definitions.live(session, key), locale), nl=False)


@flow.command("retire")
@click.argument("key")
@click.option("--again", is_flag=True, help="Let it start runs again.")
@workspace_option
def flow_retire(key: str, again: bool, workspace: str) -> None:
    """Have the flow KEY start nothing any more; its open runs go on."""
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        services.flows.definitions.retire(session, key, SYSTEM, retired=not again)
    click.echo(f"{key}: {'starts runs again' if again else 'retired'}")


@flow.command("triggers")
@workspace_option
def flow_triggers(workspace: str) -> None:
    """List the live flows: what starts each, how many timers wait for it, and when the next is due (UTC)."""
    with composed() as services, working_in(services, workspace) as session:
        for one in services.flows.triggering.upcoming(session):
            when = one.next_at.isoformat(timespec="seconds") if one.next_at is not None else "-"
            click.echo(f"{one.flow:<32} {one.form:<20} {one.on:<9} {one.waiting:>8}  {when}")
