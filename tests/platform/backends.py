"""Job backends that tests look through."""

from collections.abc import Sequence

from formloom.db.engine import Databases
from formloom.outbox import Runner
from formloom.outbox.backend import Ref
from sqlalchemy import text


class Inline:
    """Runs at once, in this thread."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    def submit(self, lane: int, refs: Sequence[Ref]) -> None:
        for ref in refs:
            self.runner.run(*ref)

    def free(self, lane: int) -> int:
        return 100

    def close(self) -> None:
        pass


class Away:
    """One whose Redis does not answer."""

    def submit(self, lane: int, refs: Sequence[Ref]) -> None:
        raise ConnectionError

    def free(self, lane: int) -> int:
        return 100

    def close(self) -> None:
        pass


def make_due(databases: Databases) -> None:
    """Time passes: what waits is due, what is leased is forgotten."""
    with databases.owner.begin() as connection:
        connection.execute(text("UPDATE outbox SET available_at = now(), lease_until = now() - interval '1 second'"))
