"""From which changes, of which records, a stored derived value has to be worked out anew. Pure, over the live forms.

A slot, a contribution to a rollup and a title are worked out from formulas. What a formula reads lies in the record
itself, behind links, or in rollups. A *route* is a cause (`form.field`, of a record that changed) and the way back from
there: the links, nearest first, whose records in turn lead to the record that is worked out (docs/decisions/059).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from form_engine.definition import CompiledField, CompiledForm, CompiledFormula
from form_engine.definition.compile import UNSETTLED_FUNCTIONS
from form_engine.definition.model import SYSTEM_NAMES
from form_engine.fields import RollupConfig

if TYPE_CHECKING:
    from form_engine.rollups.parts import Feed

THERE: Final = "@there"
"""The cause `form.@there`: the record came, went into the bin, or came back."""

SELF: Final = "@self"
"""The cause of a record that is to be worked out anew itself."""

CLOCK: Final = "@clock"
"""The cause of what hangs on the clock, the reader or the house. Nothing tells of it, so such a thing is not stored."""

_EVERY_TIME: Final = ("updated_at", "updated_by")
MOST_HOPS: Final = 6


class Hop(NamedTuple):
    """A link field or column `path` of `form`: it leads from the dependant to what it reads."""

    form: str
    path: str


Way = tuple[Hop, ...]


class Route(NamedTuple):
    """`way` leads from the record that changed back to the one that hangs on it; empty: they are one."""

    cause: str
    way: Way


class Untraceable(Exception):  # noqa: N818
    """The formula walks on from a record that no link field names (the result of another formula), or too far."""


class Late(NamedTuple):
    """Of a form: the fields of a record's own (by which of its stored things they are read) where that thing hangs on
    other records as well; None where it hangs on the record alone, or is not stored.
    """

    title: frozenset[str] | None = None
    slots: frozenset[str] | None = None
    parts: frozenset[str] | None = None


ON_TIME: Final = Late()


@dataclass(frozen=True)
class Routes:
    """The routes of the live forms. `slots` and `feeds` as `Forms` has them."""

    forms: Mapping[str, CompiledForm]
    slots: Mapping[str, Mapping[str, str]]
    feeds: Mapping[str, "tuple[Feed, ...]"]
    _known: dict[tuple[str, str], frozenset[Route]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def causes(self) -> Mapping[str, frozenset[Way]]:
        """By cause: the ways to records of which something is stored that hangs on it."""
        found: dict[str, set[Way]] = {}
        for form in self.forms.values():
            for route in self.of_form(form):
                if self._is_elsewhere(route):
                    found.setdefault(route.cause, set()).add(route.way)
        return {cause: frozenset(ways) for cause, ways in found.items()}

    @cached_property
    def late(self) -> Mapping[str, Late]:
        """The forms of whose records something is stored that hangs on more than their own document."""
        found = {
            key: Late(self._late(self.of_title(form)), self._late(self.of_slots(form)), self._late(self.of_parts(form)))
            for key, form in self.forms.items()
        }
        return {key: late for key, late in found.items() if late != ON_TIME}

    def _late(self, routes: frozenset[Route]) -> frozenset[str] | None:
        if not any(map(self._is_elsewhere, routes)):
            return None
        own = {route.cause.partition(".")[2] for route in routes if not route.way}
        return frozenset({*own, *_EVERY_TIME} if own.intersection(_EVERY_TIME) else own)

    def computed_slots(self, form: str) -> tuple[str, ...]:
        """The fields of a form that are worked out and have a slot."""
        return self._computed_slots.get(form, ())

    @cached_property
    def _computed_slots(self) -> Mapping[str, tuple[str, ...]]:
        return {
            key: found
            for key, form in self.forms.items()
            if (found := tuple(path for path in self.slots.get(key, {}) if _is_worked_out(form.field(path))))
        }

    def keeps_title(self, form: str, changed: Collection[str]) -> bool:
        """Whether a change of these fields leaves the title alone, though it may not be what the writer thinks."""
        own = self.late.get(form, ON_TIME).title
        return own is not None and own.isdisjoint((*changed, *_EVERY_TIME))

    def stirs(
        self,
        form: str,
        changed: Collection[str],
        *,
        new: bool,
        there: bool,
        moved: bool,
        slots: bool = True,
        parts: bool = True,
    ) -> tuple[str, ...]:
        """What a write must mark. `there`: it counts before or after; `moved`: it begins or ceases to count; `slots`
        and `parts`: it writes them.

        Whoever writes what is late marks the record itself, because the other records were read before any lock. A new
        record's title is worth no mark: imports would pay for it record by record.
        """
        late, keys = self.late.get(form, ON_TIME), {*changed, *_EVERY_TIME}
        if new:
            late = late._replace(title=None)
        hit = [own is not None and (moved or not own.isdisjoint(keys)) for own in late]
        written = (slots and late.slots is not None) or (parts and late.parts is not None)
        found = [SELF] if there and (written or any(hit)) else []
        mine = self._of_form.get(form, ())
        if mine and not new:  # nobody links to a record that is only now made
            found += [f"{form}.{key}" for key in mine if moved or key in keys]
        return tuple(found)

    def stirs_up(self, form: str) -> tuple[str, ...]:
        """The causes that moved contributions of this form's records mean for their parents."""
        return self._stirs_up.get(form, ())

    @cached_property
    def _of_form(self) -> Mapping[str, tuple[str, ...]]:
        rollups = {feed.name for feeds in self.feeds.values() for feed in feeds}
        found: dict[str, list[str]] = {}
        for cause in sorted(self.causes):
            if cause not in rollups:
                form, _, key = cause.partition(".")
                found.setdefault(form, []).append(key)
        return {form: tuple(keys) for form, keys in found.items()}

    @cached_property
    def _stirs_up(self) -> Mapping[str, tuple[str, ...]]:
        return {
            form: names
            for form, feeds in self.feeds.items()
            if (names := tuple(sorted({feed.name for feed in feeds if feed.name in self.causes})))
        }

    def _is_elsewhere(self, route: Route) -> bool:
        if route.cause == CLOCK:
            return False
        form, _, key = route.cause.partition(".")
        found = self.forms[form].field(key) if form in self.forms else None
        return bool(route.way) or (found is not None and isinstance(found.definition.config, RollupConfig))

    def of_form(self, form: CompiledForm) -> frozenset[Route]:
        """Every route to what is stored of this form's records. Raises Untraceable for what publish refuses."""
        return self.of_title(form) | self.of_slots(form) | self.of_parts(form)

    def of_parts(self, form: CompiledForm) -> frozenset[Route]:
        """The routes to what its records contribute to rollups."""
        return frozenset(
            route
            for feed in self.feeds.get(form.key, ())
            for formula in feed.field.formulas.values()
            for route in self.of_formula(form.key, formula, feed.config.table)
        )

    def of_slots(self, form: CompiledForm) -> frozenset[Route]:
        """The routes to its computed slots."""
        slots = self.computed_slots(form.key)
        return frozenset(route for path in slots for route in self.of_field(form.key, path))

    def of_title(self, form: CompiledForm) -> frozenset[Route]:
        """The routes to its title, which may be anything: what nobody can follow, its own next change shows."""
        try:
            if isinstance(form.display, CompiledFormula):
                return self.of_formula(form.key, form.display)
            return frozenset(route for key in form.display for route in self.of_field(form.key, key))
        except Untraceable:
            return frozenset()

    def of_field(self, form: str, path: str) -> frozenset[Route]:
        """The routes to one field: its own place, and, where it is worked out, all that it is worked out from."""
        known = self._known.get((form, path))
        if known is not None:
            return known
        self._known[form, path] = frozenset()  # publish refuses circles; be sure anyway
        found = self.forms[form].by_path.get(path)
        routes = {Route(f"{form}.{path.partition('.')[0]}", ())}
        value = found.formulas.get("value") if found is not None else None
        if value is not None:
            routes |= self.of_formula(form, value, path.partition(".")[0] if "." in path else None)
        self._known[form, path] = frozenset(routes)
        return self._known[form, path]

    def of_formula(self, form: str, formula: CompiledFormula, table: str | None = None) -> frozenset[Route]:
        """The routes to what a formula over this form's record (and a row of `table`) says."""
        reads = formula.checked.reads
        found: set[Route] = {Route(CLOCK, ())} if formula.checked.functions & UNSETTLED_FUNCTIONS else set()
        for path in reads.own | reads.target:
            found.update(self._along(form, "", path, ()))
        for path in reads.row:
            found.update(self._along(form, table or "", path, ()))
        return frozenset(found)

    def _along(self, form: str, table: str, path: tuple[str, ...], way: Way) -> Iterator[Route]:
        if not path:
            return
        key, *rest = path
        if not table and key in SYSTEM_NAMES:
            yield Route(f"{form}.{key}", way)
            return
        here = f"{table}.{key}" if table else key
        found = self.forms[form].by_path.get(here)
        if found is None:
            return
        for cause, further in self.of_field(form, here):
            yield Route(cause, () if cause == CLOCK else (*further, *way))
        if not rest:
            return
        if found.columns:
            yield from self._along(form, key, tuple(rest), way)
        elif found.points_to in self.forms:
            if len(way) == MOST_HOPS:
                raise Untraceable(here)
            back = (Hop(form, here), *way)
            yield Route(f"{found.points_to}.{THERE}", back)
            yield from self._along(str(found.points_to), "", tuple(rest), back)
        elif found.computed and (found.type.kind == "record" or found.type.is_list):
            raise Untraceable(here)


def _is_worked_out(found: CompiledField | None) -> bool:
    return found is not None and found.computed and not found.definition.type.stored
