"""Ids at the door: what link and member share.

An id is a positive JSON integer that fits a bigint, never text, never true.
"""

from typing import Final

from form_engine.fields.base import Cleaner, Refused, refuse

LARGEST: Final = 2**63 - 1


def id_cleaner(code: str) -> Cleaner:
    """Whether the id exists, and may be seen, is asked where the database is."""

    def clean(raw: object) -> int | Refused:
        return raw if type(raw) is int and 0 < raw <= LARGEST else refuse(code)

    return clean
