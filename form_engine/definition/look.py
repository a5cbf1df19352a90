"""How some records are shown: the part of a view that a person may also choose for themselves and keep."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from formloom.errors import Issue

from form_engine.definition.model import SYSTEM_NAMES, FormDef
from form_engine.formula import FormulaError, Type

Show = Literal["list", "board", "calendar", "timeline", "gallery"]
SHOWS: Final[tuple[Show, ...]] = ("list", "board", "calendar", "timeline", "gallery")
BUCKETS: Final = ("day", "week", "month", "quarter", "year")

_DAYS: Final = ("date", "datetime")
_LANES: Final = ("text", "record", "person", "logical")


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of an order."""

    by: str
    desc: bool = False

    @property
    def asked(self) -> str:
        """As a list asks for it (`-due`)."""
        return f"-{self.by}" if self.desc else self.by


@dataclass(frozen=True, slots=True)
class Grouping:
    """Records that share a value of this field stand together; dates by `bucket`."""

    by: str
    bucket: str | None = None
    desc: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """`by` are a board's columns or a timeline's lanes, `start` and `end` the days of a calendar or timeline, `cover`
    the picture of a gallery. `colour` is a field with options, whose colour a row has. `frozen` columns stay in sight
    beside the first; `widths` are pixels by column. `cards`: a list is drawn as cards at the desk, too.
    """

    show: Show = "list"
    columns: tuple[str, ...] = ()
    sort: tuple[Sort, ...] = ()
    by: str | None = None
    start: str | None = None
    end: str | None = None
    cover: str | None = None
    group: Grouping | None = None
    sums: tuple[str, ...] = ()
    colour: str | None = None
    frozen: int = 0
    widths: Mapping[str, int] = field(default_factory=dict)
    cards: bool = False

    @property
    def order(self) -> tuple[str, ...]:
        """The order as a list asks for it."""
        return tuple(each.asked for each in self.sort)


def read_look(read: Mapping[str, Any]) -> Look:
    """From the JSON of a view that its schema let through."""
    group = read.get("group")
    return Look(
        show=read.get("show", "list"),
        columns=tuple(read.get("columns", ())),
        sort=tuple(Sort(each["by"], each.get("desc", False)) for each in read.get("sort", ())),
        by=read.get("by"),
        start=read.get("start"),
        end=read.get("end"),
        cover=read.get("cover"),
        group=Grouping(group["by"], group.get("bucket"), group.get("desc", False)) if group else None,
        sums=tuple(read.get("sums", ())),
        colour=read.get("colour"),
        frozen=read.get("frozen", 0),
        widths=dict(read.get("widths", {})),
        cards=read.get("layout") == "cards",
    )


def look_issues(look: Look, form: FormDef, types: Mapping[str, Type]) -> Iterator[Issue]:
    """What a look names that the form does not have, or that is of the wrong type for its place."""
    yield from _missing(look)
    named = [(f"/columns/{at}", path) for at, path in enumerate(look.columns)]
    named += [(f"/sort/{at}/by", each.by) for at, each in enumerate(look.sort)]
    named += [(f"/sums/{at}", key) for at, key in enumerate(look.sums)]
    named += [(f"/widths/{key}", key) for key in look.widths]
    single = {"/by": look.by, "/start": look.start, "/end": look.end, "/cover": look.cover, "/colour": look.colour}
    named += [(at, key) for at, key in single.items() if key is not None]
    named += [("/group/by", look.group.by)] if look.group else []
    known = {path for _, path in named if form.find(path) is not None or path in SYSTEM_NAMES}
    yield from (Issue(at, "unknown_field", {"field": path}) for at, path in named if path not in known)

    def kind(key: str) -> str:
        try:
            return types[key].kind
        except (KeyError, FormulaError):  # a formula that does not fit is told where it stands
            return ""

    def wrong(at: str, key: str | None, fits: Callable[[str], bool], expected: str) -> Iterator[Issue]:
        if key is not None and key in known and not fits(key):
            yield Issue(at, "wrong_type", {"expected": expected, "found": kind(key) or key})

    yield from wrong("/by", look.by, lambda key: kind(key) in _LANES, "choice")
    yield from wrong("/start", look.start, lambda key: kind(key) in _DAYS, "date")
    yield from wrong("/end", look.end, lambda key: kind(key) in _DAYS, "date")
    yield from wrong("/cover", look.cover, lambda key: _pictures(form, key), "photo")
    yield from wrong("/colour", look.colour, lambda key: _options(form, key), "choice")
    for at, key in enumerate(look.sums):
        yield from wrong(f"/sums/{at}", key, lambda key: kind(key) == "number", "number")
    if look.group is not None and look.group.bucket is not None:
        yield from wrong("/group/bucket", look.group.by, lambda key: kind(key) in _DAYS, "date")


_WANTED: Final[Mapping[str, Sequence[str]]] = {"board": ("by",), "calendar": ("start",), "timeline": ("start", "end")}


def _missing(look: Look) -> Iterator[Issue]:
    for key in _WANTED.get(look.show, ()):
        if getattr(look, key) is None:
            yield Issue(f"/{key}", "required")


def _pictures(form: FormDef, key: str) -> bool:
    found = form.find(key)
    return found is not None and found.type.look == "files"


def _options(form: FormDef, key: str) -> bool:
    found = form.find(key)
    return found is not None and bool(getattr(found.config, "options", None))


__all__ = ["BUCKETS", "SHOWS", "Grouping", "Look", "Show", "Sort", "look_issues", "read_look"]
