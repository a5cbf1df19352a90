"""What a change of a record amounts to, as a `RecordWrite`. Pure: facts in, plain data out; no session, no clock.

The service plans here and applies the result; a flow's hot path does the same with what it loaded itself.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from secrets import token_hex
from typing import Any, Final, cast

from formloom.errors import InvalidInput
from formloom.frozen import replace

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.evolution.convert import carried
from form_engine.fields import NumberSeriesConfig, SeriesPattern
from form_engine.fields.base import Json, Refers
from form_engine.formula import Context, RecordValue, Value
from form_engine.records.derive import (
    changes_between,
    files_of,
    links_of,
    search_text,
    searched_fields,
    slots_of,
    title_of,
    unique_of,
)
from form_engine.records.facts import Fact, Facts, linked_ids, record_value
from form_engine.records.forms import Forms
from form_engine.records.links import check_links
from form_engine.records.named import referring
from form_engine.records.spans import backwards, spans_of
from form_engine.records.write import KEEP, Action, Keep, Link, NumberMark, RecordWrite, Span
from form_engine.rollups.parts import parts_of
from form_engine.validate import Clean, validate

Raw = Mapping[str, Any]

_NAMING: Final[tuple[Refers, ...]] = ("record", "file")


def plan_create(
    forms: Forms,
    form: CompiledForm,
    values: Raw,
    facts: Facts,
    *,
    writable: FieldAccess | None,
    created_by: int | None = None,
    draft: bool = False,
    run_id: int | Keep | None = KEEP,
    born: bool = False,
) -> RecordWrite:
    """A new record. Raises InvalidInput with every issue at once. A draft may be unfinished, and counts nowhere.

    `born`: it must begin at a declared start, as what a flow makes.
    """
    blank = Fact(0, form.key, form.version, 0, 0, {}, created_at=facts.context.now, created_by=created_by, draft=True)
    clean = _validated(form, values, facts, blank, None, writable, draft, born=born)
    return _write(forms, form, facts, blank, clean, action="created", draft=draft, run_id=run_id)


def plan_update(
    forms: Forms,
    form: CompiledForm,
    record: Fact,
    changes: Raw,
    facts: Facts,
    *,
    writable: FieldAccess | None,
    submit: bool = False,
    partial: bool = False,
    returning: bool = False,
    run_id: int | Keep | None = KEEP,
) -> RecordWrite:
    """A change of a record as it stands in `record`; `submit` turns a draft into a record that counts.

    `partial` asks only the rules that hang on what changed, as a flow's writes do. `form` may be an older version than
    the live one (a run keeps its own). `returning`: rows of tables may come back with the ids that they had. Raises
    InvalidInput.
    """
    draft = record.draft and not submit
    action: Action = "submitted" if submit and record.draft else "updated"

    def planned(partial: bool) -> RecordWrite:
        clean = _validated(
            form, changes, facts, record, record.data, writable, draft, partial=partial, returning=returning
        )
        return _write(forms, form, facts, record, clean, action=action, draft=draft, run_id=run_id)

    write = planned(partial)
    # What begins to count is judged whole: a rule about a parent's total does not name the status that counts.
    return planned(False) if partial and not isinstance(write.parts, Keep) else write


def plan_removal(forms: Forms, form: CompiledForm, record: Fact, facts: Facts, *, restore: bool = False) -> RecordWrite:
    """Into the bin, where it counts nowhere, or out of it again. What it says is not judged anew."""
    clean = Clean(dict(record.data))
    action: Action = "restored" if restore else "deleted"
    return _write(forms, form, facts, record, clean, action=action, draft=record.draft, deleted=not restore)


def _validated(
    form: CompiledForm,
    raw: Raw,
    facts: Facts,
    record: Fact,
    before: Mapping[str, Json] | None,
    writable: FieldAccess | None,
    draft: bool,
    *,
    partial: bool = False,
    returning: bool = False,
    born: bool = False,
) -> Clean:
    def fetch(key: str, record_id: int | str) -> RecordValue | None:
        """Other records as they stand; the record itself too, which a formula over its own rollups asks for."""
        if record.id and (key, record_id) == (record.form, record.id):
            return facts.value(record)
        return facts.fetch(key, record_id)

    for target, ids in linked_ids(
        form, raw if isinstance(raw, Mapping) else {}
    ).items():  # so that they are loaded together
        facts.want(target, ids)
    clean = validate(
        form,
        raw,
        before=before,
        context=facts.context,
        fetch=fetch,
        system={**record.system, "id": cast("Value", record.id)} if record.id else record.system,
        writable=writable,
        draft=draft,
        partial=partial,
        returning=returning,
        born=born,
    )
    check_links(form, clean.values, before or {}, facts, record)
    if form.no_overlap and not draft and (issues := backwards(form, clean.values)):
        raise InvalidInput("invalid_input", {"form": form.key}, issues)
    return clean


def _write(
    forms: Forms,
    made_by: CompiledForm,
    facts: Facts,
    record: Fact,
    clean: Clean,
    *,
    action: Action,
    draft: bool,
    deleted: bool = False,
    run_id: int | Keep | None = KEEP,
) -> RecordWrite:
    """What is derived beside the document is of the live form: a run may write by an older one."""
    is_new, form = record.id == 0, forms.get(made_by.key, made_by)
    data: dict[str, Json] = {key: value for key, value in clean.values.items() if value is not None}
    if form.version != made_by.version:
        data = carried(made_by, form, data)
    numbers = () if draft or deleted else _take_numbers(form, data, record, facts.context)
    changes = changes_between(record.data, data)
    if _moves_slots_only(forms, made_by, record, changes) and not (numbers or draft or deleted or run_id is not KEEP):
        return _slots_only(forms, form, facts, record, data, changes, action)
    own_number = next((mark.token for mark in numbers if mark.own), record.number)
    after = replace(record, data=data, number=own_number, draft=draft, deleted=deleted)
    # Titles, slots and contributions hang on the document: a total that is read for them must not bind the write.
    noted = dict(facts.totals_read)
    value = record_value(facts, after)
    same_title = form is made_by and own_number == record.number and _title_stays(form, changes)
    title = record.title if same_title and not is_new else title_of(form, value, facts.context)
    facts.totals_read = noted

    counted, counts = not is_new and not record.draft and not record.deleted, not draft and not deleted
    slots, feeds = forms.slots.get(form.key, {}), forms.feeds.get(form.key, ())
    computed_slots = forms.routes.computed_slots(form.key)
    filled = {path: slot for path, slot in slots.items() if path in changes}

    def facet(compute: Callable[[Mapping[str, Json]], Any], nothing: Any, hangs_on: Iterable[str]) -> Any:
        """The new state of one thing beside the document, KEEP where it is as it was."""
        if counted and counts and changes.keys().isdisjoint(hangs_on):
            return KEEP
        old = compute(record.data) if counted else nothing
        new = compute(data) if counts else nothing
        return KEEP if old == new else new

    spans: tuple[Span, ...] | Keep = KEEP
    if form.no_overlap and not (counted and counts and changes.keys().isdisjoint(_span_fields(form))):
        old_spans = spans_of(form, record.data, record_value(facts, record), facts.context) if counted else ()
        new_spans = spans_of(form, data, value, facts.context) if counts else ()
        spans = KEEP if old_spans == new_spans else new_spans
    linking = [field.key for field in referring(form, "record")]
    links = facet(lambda document: links_of(form, document), (), linking)
    held = referring(form, "file") and not changes.keys().isdisjoint(each.key for each in referring(form, "file"))
    parts_before = parts_of(record_value(facts, record), feeds, facts.context) if counted and feeds else ()
    parts = parts_of(value, feeds, facts.context) if counts and feeds else ()
    only_slot = None
    if len(filled) == 1 and counted and counts and not computed_slots:
        # A status, mostly. What the other slots hold is not even worked out.
        (only_slot,), slots_now = filled.values(), slots_of(form, filled, data, value)
    else:
        slots_now = facet(
            lambda document: slots_of(
                form, slots, document, value if document is data else record_value(facts, record)
            ),
            None,
            chain(slots, changes) if computed_slots else slots,
        )
    return RecordWrite(
        form=form.key,
        form_version=made_by.version,
        action=action,
        data=data,
        title=title,
        search=search_text(form, data, own_number),
        id=None if is_new else record.id,
        expected=None if is_new else record.version,
        draft=draft,
        deleted=deleted,
        numbers=numbers,
        run_id=run_id,
        slots=slots_now,
        slot=only_slot,
        links=links,
        targets=() if action == "restored" else _targets(links, links_of(form, record.data) if counted else ()),
        spans=spans,
        files=tuple(sorted(files_of(form, data) - files_of(form, record.data))) if held else (),
        unique=facet(lambda document: unique_of(form, document), (), chain(*form.definition.unique)),
        parts=KEEP if parts == parts_before else parts,
        keep_title=counted and counts and forms.routes.keeps_title(form.key, changes),
        stirs=forms.routes.stirs(
            form.key,
            changes,
            new=is_new,
            there=counted or counts,
            moved=counted != counts,
            slots=not isinstance(slots_now, Keep),
            parts=parts != parts_before,
        ),
        stirs_up=() if parts == parts_before else forms.routes.stirs_up(form.key),
        changes=changes,
        seen={parent: touched for parent, touched in noted.items() if parent},
    )


def _moves_slots_only(forms: Forms, form: CompiledForm, record: Fact, changes: Mapping[str, object]) -> bool:
    """Whether beside the document only slots hang on what changed: of a status, mostly."""
    if not record.id or record.draft or record.deleted or forms.get(form.key) is not form:
        return False
    known = ("beside the document", form.key)
    if known not in forms.remembered:
        forms.remembered[known] = _hanging(forms, form)
    hanging: frozenset[str] | None = forms.remembered[known]
    return hanging is not None and hanging.isdisjoint(changes)


def _hanging(forms: Forms, form: CompiledForm) -> frozenset[str] | None:
    """The fields on which something beside the document hangs that is no slot; None: not to be told by fields alone."""
    shown = form.display
    if forms.feeds.get(form.key) or forms.routes.computed_slots(form.key) or not _title_stays(form, {}):
        return None
    return frozenset(
        (
            *(shown if isinstance(shown, tuple) else ()),
            *(field.path.partition(".")[0] for field in searched_fields(form)),
            *(field.key for kind in _NAMING for field in referring(form, kind)),
            *chain(*form.definition.unique),
            *_span_fields(form),
        )
    )


def _slots_only(
    forms: Forms,
    form: CompiledForm,
    facts: Facts,
    record: Fact,
    data: dict[str, Json],
    changes: Mapping[str, tuple[Json, Json]],
    action: Action,
) -> RecordWrite:
    """Title, words, links and the like are not even worked out."""
    slots = forms.slots.get(form.key, {})
    filled = {path: slot for path, slot in slots.items() if path in changes}
    only = next(iter(filled.values())) if len(filled) == 1 else None
    return RecordWrite(
        form=form.key,
        form_version=form.version,
        action=action,
        data=data,
        title=record.title,
        search=None,
        id=record.id,
        expected=record.version,
        slots=KEEP if not filled else slots_of(form, filled if only else slots, data),
        slot=only,
        keep_title=forms.routes.keeps_title(form.key, changes),
        stirs=forms.routes.stirs(
            form.key, changes, new=False, there=True, moved=False, slots=bool(filled), parts=False
        ),
        changes=changes,
        seen={parent: touched for parent, touched in facts.totals_read.items() if parent},
    )


def _title_stays(form: CompiledForm, changes: Mapping[str, object]) -> bool:
    """Whether a title that lists fields lists none that changed and none that is computed. Of a formula: not known."""
    shown = form.display
    return isinstance(shown, tuple) and not any(
        key in changes or key not in form.by_path or form.by_path[key].computed for key in shown
    )


def _span_fields(form: CompiledForm) -> set[str]:
    return {key for rule in form.no_overlap for key in rule.needs}


def _targets(links: tuple[Link, ...] | Keep, before: tuple[Link, ...]) -> tuple[int, ...]:
    """The records that this one did not link to."""
    new = () if isinstance(links, Keep) else links
    return tuple(sorted({link.to_id for link in new} - {link.to_id for link in before}))


def _take_numbers(form: CompiledForm, data: dict[str, Json], record: Fact, context: Context) -> tuple[NumberMark, ...]:
    """Marks for the numbers that the record has yet to get; their tokens are put where the numbers will stand."""
    marks: list[NumberMark] = []
    if form.definition.number and record.number is None:
        marks.append(_mark(SeriesPattern.parse(form.definition.number), form.key, context, own=True))
    for field in form.fields:
        config = field.definition.config
        if isinstance(config, NumberSeriesConfig) and data.get(field.key) is None:
            own = record.number is None and not any(mark.own for mark in marks)
            mark = _mark(config.pattern, f"{form.key}.{field.key}", context, own=own)
            data[field.key] = mark.token
            marks.append(mark)
    return tuple(marks)


def _mark(pattern: SeriesPattern, series: str, context: Context, *, own: bool) -> NumberMark:
    # The period's text with the running number left open names the series; around the gap stand prefix and suffix.
    today = context.today
    first = pattern.format(today, 1)
    period = pattern.period(today)
    prefix, _, rest = period.partition("{seq")
    suffix = rest.partition("}")[2]
    width = len(first) - len(prefix) - len(suffix)
    return NumberMark(f"{series}:{period}", prefix, suffix, width, f"number{token_hex(12)}", own)
