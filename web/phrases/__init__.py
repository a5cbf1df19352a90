"""What each error code says, one file a room: code → English message, which gettext turns into the reader's language."""

from collections.abc import Mapping
from types import MappingProxyType

from web.phrases import apps, door, flows, formulas, inputs, kernel, records

PHRASES: Mapping[str, str] = MappingProxyType(
    {
        **door.PHRASES,
        **kernel.PHRASES,
        **inputs.PHRASES,
        **formulas.PHRASES,
        **records.PHRASES,
        **flows.PHRASES,
        **apps.PHRASES,
    }
)
