"""Telling subscribers of what flows wrote: a decision is applied without a session, so they hear a moment later."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass

KIND: Final = "records.changed"
"""The kind of the outbox row; its payload is `{"record": 7, "version": 3}`."""
