"""Alembic's entry: `formloom.db.migrate` hands the open connection in."""

from alembic import context

from migrations.functions import statements
from migrations.models import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA)
# One transaction for all that is missing: a kill in the middle leaves the old shape, never a mixture.
with context.begin_transaction():
    context.run_migrations()
    for statement in statements():
        connection.exec_driver_sql(statement.replace("%", "%%"))
