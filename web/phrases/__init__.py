"""What each error code says, one file a room: code → English message, then gettext."""

from collections.abc import Mapping
from types import MappingProxyType

from web.phrases import (
    actions,
    apps,
    calendars,
    definitions,
    documents,
    door,
    fields,
    flows,
    formulas,
    guests,
    inputs,
    jobs,
    kernel,
    messages,
    operations,
    organisation,
    records,
    sheets,
    times,
    triggers,
    versions,
)

PHRASES: Mapping[str, str] = MappingProxyType(
    {
        **door.PHRASES,
        **kernel.PHRASES,
        **inputs.PHRASES,
        **fields.PHRASES,
        **formulas.PHRASES,
        **definitions.PHRASES,
        **versions.PHRASES,
        **records.PHRASES,
        **flows.PHRASES,
        **guests.PHRASES,
        **actions.PHRASES,
        **apps.PHRASES,
        **calendars.PHRASES,
        **times.PHRASES,
        **triggers.PHRASES,
        **sheets.PHRASES,
        **documents.PHRASES,
        **jobs.PHRASES,
        **messages.PHRASES,
        **operations.PHRASES,
        **organisation.PHRASES,
    }
)
