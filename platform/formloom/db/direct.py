"""The hot path's door: a raw psycopg connection, autocommit, prepared statements.

For calls that are one statement each and set the workspace themselves (`flow_apply_step`). Everything else takes
`unit_of_work`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import TimeoutError as PoolTimeout

from formloom.db.engine import Databases
from formloom.db.retry import unavailable
from formloom.errors import Unavailable


@contextmanager
def direct(databases: Databases) -> Iterator[psycopg.Connection[Any]]:
    """Lend a connection of the app role; it goes back idle, or not at all. Raises Unavailable like `unit_of_work`."""
    try:
        entry = databases.fast.connect()
    except PoolTimeout as error:
        raise Unavailable("pool_exhausted", {"retry_after": 1}) from error
    except psycopg.OperationalError as error:
        if (kind := unavailable(error)) is not None:
            raise kind from error
        raise
    connection = entry.dbapi_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101  our own pool made it
    try:
        yield connection
    except psycopg.OperationalError as error:
        if (kind := unavailable(error)) is not None:
            raise kind from error
        raise
    finally:
        if connection.closed or connection.info.transaction_status not in (
            TransactionStatus.IDLE,
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        ):
            entry.invalidate()
        else:
            entry.close()  # the pool rolls an open transaction back
