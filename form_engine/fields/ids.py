"""Ids at the door: what link and member share.

An id is a positive JSON integer that fits a bigint, never text, never true.
"""

from collections.abc import Sequence
from typing import Any, Final

from form_engine.fields.base import Cleaner, Refused, refuse

LARGEST: Final = 2**63 - 1


def id_cleaner(code: str) -> Cleaner:
    """Whether the id exists, and may be seen, is asked where the database is."""

    no_id = refuse(code)

    def clean(raw: object) -> int | Refused:
        return raw if type(raw) is int and 0 < raw <= LARGEST else no_id

    return clean


def no_ids(values: list[Any]) -> Sequence[int]:
    """Where in a column something is no id."""
    if set(map(type, values)) == {int} and min(values) > 0 and max(values) <= LARGEST:
        return ()
    return [at for at, value in enumerate(values) if type(value) is not int or not 0 < value <= LARGEST]


def ids_cleaner(code: str, most: int) -> Cleaner:
    """Distinct ids in the order chosen."""

    def clean(raw: object) -> Any:
        if type(raw) is not list:
            return refuse("not_a_list")
        if len(raw) > most:
            return refuse("too_many", max=most)
        wrong = [at for at, each in enumerate(raw) if type(each) is not int or not 0 < each <= LARGEST]
        if wrong:
            return Refused(tuple(issue for at in wrong for issue in refuse(code, f"/{at}").issues))
        return refuse("duplicate") if len(set(raw)) < len(raw) else list(raw) or None

    return clean
