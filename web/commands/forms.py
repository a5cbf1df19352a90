"""Forms as they are developed: versions, what differs, publishing, going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.commands import composed, working_in, workspace_option

if TYPE_CHECKING:
    from form_engine.definitions_store.publishing import Published

_loss = click.option("--accept-loss", is_flag=True, help="Values that have no place in the new version may go.")
_note = click.option("--note", default="", help="What is different, for whoever looks at the versions.")


@click.group()
def form() -> None:
    """Forms: versions, differences, publishing."""


@form.command("versions")
@click.argument("key")
@workspace_option
def form_versions(key: str, workspace: str) -> None:
    """List the published versions of the form KEY, the latest first."""
    with composed() as services, working_in(services, workspace) as session:
        live = services.forms.live_versions(session).get(key)
        for one in services.forms.versions(session, key):
            mark = "*" if one.version == live else " "
            when = one.published_at.isoformat(timespec="seconds")
            click.echo(f"{mark}{one.version:>4}  {when}  {one.published_by:<12} {one.note}".rstrip())


@form.command("diff")
@click.argument("key")
@click.option("--from", "old", default="live", show_default=True, help="A version, live or draft.")
@click.option("--to", "new", default="draft", show_default=True, help="A version, live or draft.")
@click.option("--locale", default="en", show_default=True, type=click.Choice(["zh-CN", "en"]))
@workspace_option
def form_diff(key: str, old: str, new: str, locale: str, workspace: str) -> None:
    """Tell what differs between two versions of the form KEY."""
    from form_engine.evolution.diff import diff_forms
    from web.desk.definitions import body_of
    from web.desk.versions import field_names, tell

    with composed() as services, working_in(services, workspace) as session:
        before, after = (body_of(services.forms, session, key, each, at) for each, at in ((old, "/from"), (new, "/to")))
        names = {**field_names(before), **field_names(after)}
        for change in diff_forms(before, after):
            click.echo(tell(change, names, locale, services.catalogues.translate))


@form.command("publish")
@click.argument("key")
@_note
@_loss
@workspace_option
def form_publish(key: str, note: str, accept_loss: bool, workspace: str) -> None:
    """Publish the draft of the form KEY."""
    from form_engine.definitions_store.publishing import publish
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        done = publish(session, services.forms, key, SYSTEM, note=note, accept_loss=accept_loss)
    _tell(key, done)


@form.command("rollback")
@click.argument("key")
@click.argument("version", type=click.IntRange(1, 2**31 - 1))
@_note
@_loss
@workspace_option
def form_rollback(key: str, version: int, note: str, accept_loss: bool, workspace: str) -> None:
    """Publish what VERSION of the form KEY was as a new version."""
    from form_engine.definitions_store.publishing import roll_back
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        done = roll_back(session, services.forms, key, version, SYSTEM, note=note, accept_loss=accept_loss)
    _tell(key, done)


def _tell(key: str, done: Published) -> None:
    if done.job is not None:
        click.echo(f"{key}: many records must be looked at first, job {done.job} does it")
    else:
        click.echo(f"{key}: version {done.version} is live")
