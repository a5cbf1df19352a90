"""What a record adds to the rollups of its parents. Pure: from its own document, whenever that is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import RollupConfig
from form_engine.formula import Context, Env, LinkRef, RecordValue
from form_engine.records.write import Part


@dataclass(frozen=True, slots=True)
class Feed:
    """A rollup, seen from the form that it reads. `name` is `form.field`."""

    name: str
    parent: str
    field: CompiledField
    config: RollupConfig


def feeds_of(forms: Iterable[CompiledForm]) -> dict[str, tuple[Feed, ...]]:
    """For each form the rollups that read it."""
    found: dict[str, list[Feed]] = {}
    for form in forms:
        for field in form.fields:
            config = field.definition.config
            if isinstance(config, RollupConfig):
                found.setdefault(config.form, []).append(Feed(f"{form.key}.{field.key}", form.key, field, config))
    return {key: tuple(feeds) for key, feeds in found.items()}


def parts_of(child: RecordValue, feeds: Iterable[Feed], context: Context) -> tuple[Part, ...]:
    """The child's contributions, in a fixed order, so that two readings of the same record compare equal."""
    return tuple(sorted(part for feed in feeds for part in _parts(child, feed, context)))


def _parts(child: RecordValue, feed: Feed, context: Context) -> Iterable[Part]:
    if feed.config.table is None:
        rows: tuple[RecordValue | None, ...] = (None,)
    else:
        listed = child.values.get(feed.config.table)
        rows = tuple(row for row in listed if isinstance(row, RecordValue)) if isinstance(listed, tuple) else ()
    for row in rows:
        link = (row or child).values.get(feed.config.via)
        if not isinstance(link, LinkRef) or not isinstance(link.id, int):
            continue
        env = Env(own=child, row=row, target=child, context=context)
        where, of = feed.field.formulas.get("where"), feed.field.formulas.get("of")
        # An error in `where` or `of` is shown where it arises, in the child; it adds nothing here.
        if where is not None and where.run(env) is not True:
            continue
        amount = Decimal(1) if of is None else of.run(env)
        if isinstance(amount, Decimal):
            yield Part(feed.name, str(row.id) if row is not None else "", link.id, amount)
