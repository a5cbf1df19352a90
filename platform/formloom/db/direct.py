"""The hot path's door: a raw connection, autocommit, prepared statements.

For calls that are one statement each and set the workspace themselves (`flow_apply_step`). Everything else takes
`unit_of_work`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from formloom.db.engine import Databases
from formloom.db.fast import Line
from formloom.db.retry import unavailable


@contextmanager
def direct(databases: Databases) -> Iterator[Line]:
    """Lend a connection of the app role; it goes back idle, or not at all. Raises Unavailable like `unit_of_work`."""
    try:
        line = databases.fast.take()
        try:
            yield line
        finally:
            databases.fast.give_back(line)
    except psycopg.OperationalError as error:
        if (kind := unavailable(error)) is not None:
            raise kind from error
        raise
