"""Alembic's entry: `formloom.db.migrate` hands the open connection in."""

from alembic import context

from migrations.models import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
