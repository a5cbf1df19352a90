"""Bring a database to this release's shape, and tell whether it has it."""

from importlib import import_module, resources
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from formloom.db.engine import Databases
from formloom.models.audit import Xid8

# One migrator at a time, however many processes start at once.
_LOCK = text("SELECT pg_advisory_lock(hashtext('formloom.migrate'))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtext('formloom.migrate'))")


def upgrade(databases: Databases, revision: str = "head") -> None:
    """Run the missing migrations, each in its transaction, as the owner. Safe to call from every process at start."""
    with databases.owner.connect() as connection:
        connection.execute(_LOCK)
        connection.commit()
        try:
            command.upgrade(_config(connection), revision)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(_UNLOCK)


def is_current(databases: Databases) -> bool:
    """Whether all migrations of this release have run."""
    with databases.owner.connect() as connection:
        heads = set(ScriptDirectory.from_config(_config(connection)).get_heads())
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def drift(databases: Databases) -> list[Any]:
    """Where tables and models differ, as Alembic's operations; empty is right."""
    metadata = import_module("migrations.models").METADATA
    with databases.owner.connect() as connection:
        dialect = connection.dialect  # reflection must know the one type that SQLAlchemy does not
        dialect.ischema_names = {**dialect.ischema_names, "xid8": Xid8}  # type: ignore[attr-defined]
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))


def _config(connection: Connection) -> Config:
    config = Config()
    # By name, so that it works from a checkout and from an installed wheel; the kernel knows no model above itself.
    config.set_main_option("script_location", str(resources.files("migrations")))
    config.attributes["connection"] = connection
    return config
