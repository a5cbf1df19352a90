"""What an operator does from a shell, one file a subject. Commands import when they run, so that help is instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from formloom.settings import Settings
    from sqlalchemy.orm import Session

    from web.composition import Services

workspace_option = click.option("--workspace", default="main", show_default=True, help="The workspace's key.")


def settings_from_environment(defaults: Mapping[str, str] | None = None) -> Settings:
    """What the environment says, before that the command's defaults; logs are configured. Raises BadSettings."""
    import os

    from formloom.logs import configure_logs
    from formloom.settings import Settings

    settings = Settings.from_env({**(defaults or {}), **os.environ})
    configure_logs(settings)
    return settings


@contextmanager
def composed(settings: Settings | None = None) -> Iterator[Services]:
    """All services while the block lasts; no thread runs."""
    from web.composition import compose

    services = compose(settings or settings_from_environment())
    try:
        yield services
    finally:
        services.close()


@contextmanager
def working_in(services: Services, workspace: str) -> Iterator[Session]:
    """One unit of work in the workspace of this key; a sentence, not a traceback, when there is none."""
    from formloom.db.uow import unit_of_work
    from formloom.workspaces import find_workspace

    workspace_id = find_workspace(services.databases, workspace)
    if workspace_id is None:
        raise click.ClickException(f"there is no workspace “{workspace}”: formloom workspace create {workspace} NAME")
    with unit_of_work(services.databases, workspace_id) as session:
        yield session
