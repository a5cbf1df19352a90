"""What a field type answers with: a stored value, or the reasons why not; and what a coercer noticed on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final, TypeAlias, final
from zoneinfo import ZoneInfo

from formloom.errors import Issue, Params

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None


_ZONE: Final = ZoneInfo("Asia/Shanghai")


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """Why a raw value cannot be taken. Pointers are relative to the value."""

    issues: tuple[Issue, ...]


def refuse(code: str, at: str = "", /, **params: object) -> Refused:
    """One reason. `params` never carry what came in: it may be huge or hostile."""
    return Refused((Issue(at, code, params),))


@final
@dataclass(frozen=True, slots=True)
class Note:
    """What a coercer did that its reader should know: `date_serial`, `two_digit_year`, `rounded` … All codes stand in
    `form_engine.fields.coercion.NOTES`.
    """

    code: str
    params: Params = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Coerced:
    """A dirty value made clean enough for the type's cleaner; None is blank."""

    value: Any
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class CoerceHints:
    """What is known about where dirty values come from.

    `day_first` settles `3/4/2025` (None: month first, and a note says so). `per` is the period that amounts of this
    column stand for (`month`, `quarter`, `half_year`, `year`): `630/季` is then converted. `zone` is where times of day
    without an offset are meant.
    """

    day_first: bool | None = None
    epoch_1904: bool = False
    per: str | None = None
    zone: tzinfo = _ZONE
    locale: str = "zh-CN"


NO_HINTS: Final = CoerceHints()

Coercer: TypeAlias = Callable[[object], Coerced | Refused]
"""A cell as it came (`str | int | float | Decimal | bool | date | datetime | time | timedelta | None`) → what the
cleaner takes. Never raises."""


@dataclass(frozen=True, slots=True)
class ExportCell:
    """A cell of a spreadsheet: a typed value and its number format (None: the general one).

    A decimal that a spreadsheet would not hold exactly (past 15 digits) is text.
    """

    value: str | int | bool | Decimal | date | datetime | time | timedelta | None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a colour beside it, or without."""

    label: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Glossary:
    """Names for the ids that values hold, and the zone that moments are shown in. What is not here is shown as its
    id.
    """

    records: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)
    departments: Mapping[int, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = _ZONE


NO_NAMES: Final = Glossary()
