"""One write of one record as plain data: what the planner decides and `apply_record_writes` does, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from formloom.frozen import quick

from form_engine.fields.base import Json
from form_engine.records.actor import Actor

Action = Literal["created", "updated", "submitted", "deleted", "restored", "converted"]


FACETS: Final = ("numbers", "links", "unique", "spans", "files", "targets", "parts")
"""What most new records do not have, and so is asked for only where one has it."""


class Keep:
    """What a write leaves as it is."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = Keep()


@dataclass(frozen=True, slots=True)
class NumberMark:
    """A number to be taken from `series` while the write is applied. `token` stands for it in the write until then.

    `own`: it is the record's own number, not only that of a field.
    """

    series: str
    prefix: str
    suffix: str
    width: int
    token: str
    own: bool

    def to_json(self) -> dict[str, Json]:
        return {
            "series": self.series,
            "prefix": self.prefix,
            "suffix": self.suffix,
            "width": self.width,
            "token": self.token,
            "own": self.own,
        }


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A field or a row's column that points to another record."""

    path: str
    row_id: str
    to_id: int


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """What one row adds to a rollup (`form.field`) of its parent."""

    rollup: str
    row_id: str
    parent_id: int
    amount: Decimal

    def to_json(self) -> dict[str, Json]:
        return {"rollup": self.rollup, "row_id": self.row_id, "parent_id": self.parent_id, "amount": f"{self.amount:f}"}


@dataclass(frozen=True, slots=True)
class Span:
    """A range that may not overlap others of the same rule and key (the values as JSON).

    `start` and `end` count days, seconds or the number itself; None is open. `included`: `end` belongs to the range.
    """

    rule: str
    key: str
    start: Decimal | None
    end: Decimal | None
    included: bool

    def to_json(self) -> dict[str, Json]:
        return {
            "rule": self.rule,
            "key": self.key,
            "from": None if self.start is None else f"{self.start:f}",
            "to": None if self.end is None else f"{self.end:f}",
            "included": self.included,
        }


@dataclass(frozen=True, slots=True, order=True)
class HeldFile:
    """A file that stands in a field."""

    path: str
    file_id: str


@quick
@dataclass(frozen=True, slots=True)
class RecordWrite:
    """An insert (`id` is None) or an update that expects version `expected`; what is KEEP stays as it is.

    `seen` holds the records whose totals a rule read, with the `touched` it saw: where one has moved since, nothing is
    applied.
    """

    form: str
    form_version: int
    action: Action
    data: Mapping[str, Json]
    title: str
    search: str | None
    """None: as it is."""
    id: int | None = None
    expected: int | None = None
    draft: bool = False
    deleted: bool = False
    numbers: tuple[NumberMark, ...] = ()
    run_id: int | Keep | None = KEEP
    slots: Mapping[str, str | int] | Keep | None = KEEP
    slot: str | None = None
    """The only slot that changed, if it is only one: then `slots` has no other (and not this one where it is blank)."""
    links: tuple[Link, ...] | Keep = KEEP
    unique: tuple[tuple[str, str], ...] | Keep = KEEP
    parts: tuple[Part, ...] | Keep = KEEP
    spans: tuple[Span, ...] | Keep = KEEP
    files: tuple[HeldFile, ...] = ()
    """Those that did not stand there before."""
    targets: tuple[int, ...] = ()
    """The records that are newly linked to."""
    keep_title: bool = False
    """It hangs on other records, and on nothing that changes here: what stands there may be newer than `title`."""
    stirs: tuple[str, ...] = ()
    """The causes for which others (or this record) are worked out anew afterwards."""
    stirs_up: tuple[str, ...] = ()
    """The causes that moved contributions mean for the parents."""
    changes: Mapping[str, tuple[Json, Json]] = field(default_factory=dict)
    seen: Mapping[int, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """The write as `apply_record_writes` reads it (`seen` belongs to the batch)."""
        out: dict[str, Json] = {
            "op": "insert" if self.id is None else "update",
            "form": self.form,
            "form_version": self.form_version,
            "action": self.action,
            "data": dict(self.data),
            "title": self.title,
            "draft": self.draft,
            "deleted": self.deleted,
            "changes": {key: list(pair) for key, pair in self.changes.items()},
        }
        if self.id is not None:
            out |= {"id": self.id, "expected": self.expected}
        if self.search is not None:
            out["search"] = self.search
        if self.keep_title:
            del out["title"]
        if self.numbers:
            out["numbers"] = [mark.to_json() for mark in self.numbers]
        if not isinstance(self.run_id, Keep):
            out["run_id"] = self.run_id
        if not isinstance(self.slots, Keep):
            out["slots"] = None if self.slots is None else dict(self.slots)
        if self.slot is not None:
            out["slot"] = self.slot
        if not isinstance(self.links, Keep):
            out["links"] = [{"path": one.path, "row_id": one.row_id, "to_id": one.to_id} for one in self.links]
        if not isinstance(self.unique, Keep):
            out["unique"] = [{"rule": rule, "value": value} for rule, value in sorted(self.unique)]
        if not isinstance(self.spans, Keep):
            out["spans"] = [span.to_json() for span in self.spans]
        if self.files:
            out["files"] = [{"file_id": held.file_id, "path": held.path} for held in self.files]
        if self.targets:
            out["targets"] = list(self.targets)
        if not isinstance(self.parts, Keep):
            out["parts"] = [part.to_json() for part in self.parts]
        return out


def batch_json(
    writes: Iterable[RecordWrite], actor: Actor, at: datetime, via: str | None = None, world: int | None = None
) -> dict[str, Json]:
    """The argument of `apply_record_writes`: these writes together, by `actor`, at `at` (UTC).

    With `world` (the `mark` of the forms that planned them) they are refused once a form has been published since.
    """
    writes = tuple(writes)
    seen: dict[str, Json] = {}
    for write in writes:
        seen |= {str(record): touched for record, touched in write.seen.items()}
    told = [write.to_json() for write in writes]
    new = [one for one in told if one["op"] == "insert"]
    return {
        **_stirs(writes),
        "inserts": len(new),
        "has": [name for name in FACETS if any(name in one for one in new)],
        "actor": actor.ref,
        "person_id": actor.person_id,
        "at": at.isoformat(),
        "via": via,
        "world": world,
        "seen": seen,
        "writes": list(told),
    }


def _stirs(writes: tuple[RecordWrite, ...]) -> dict[str, Json]:
    """Nothing at all where no write stirs anything, which is the rule."""
    stirs: list[Json] = [{"at": at, "causes": list(write.stirs)} for at, write in enumerate(writes) if write.stirs]
    up: list[Json] = list(dict.fromkeys(cause for write in writes for cause in write.stirs_up))
    return {"stirs": stirs, "stirs_up": up} if stirs or up else {}
