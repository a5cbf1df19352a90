"""What a view works with: the composed services, and a transaction in the caller's workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app
from formloom.db.uow import unit_of_work
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from web.composition import Services

_KEY = "formloom"


def attach(app: Flask, services: Services) -> None:
    """Make the services reachable from this application's views."""
    app.extensions[_KEY] = services


def services() -> Services:
    """Everything that was composed for this application."""
    return cast("Services", current_app.extensions[_KEY])


@contextmanager
def transaction(workspace_id: int | None = None) -> Iterator[Session]:
    """One unit of work in the caller's workspace (or the named one, for guests); commits at its end or not at all."""
    if workspace_id is None:
        from web.identity import me

        workspace_id = me().workspace_id
    with unit_of_work(services().databases, workspace_id) as session:
        yield session
