"""What a form's computed parts need: within the form (the order of evaluation) and across forms (circles)."""

from collections.abc import Iterator, Mapping

from form_engine.definition.compiled import CompiledField
from form_engine.definition.model import FormDef
from form_engine.definition.paths import Place, read_places
from form_engine.definition.scope import FormTypes
from form_engine.formula import FormulaError, Reads


def local_reads(form: FormDef, table: str | None, reads: Reads) -> Iterator[str]:
    """The paths of the same record that a formula reads itself; where links lead is another record's affair."""
    for key, *rest in reads.own:
        field = form.by_key.get(key)
        if field is not None:
            yield key
            if field.fields and rest and rest[0] in field.by_key:
                yield f"{key}.{rest[0]}"
    if table is not None:
        yield from (f"{table}.{path[0]}" for path in reads.row if path and form.find(f"{table}.{path[0]}"))


def evaluation_needs(form: FormDef, fields: Mapping[str, CompiledField]) -> Mapping[str, tuple[str, ...]]:
    """By path: the paths that must be settled before this one's visibility, default and value can be."""

    def needs(path: str, field: CompiledField) -> Iterator[str]:
        table = path.partition(".")[0] if "." in path else None
        if table is not None:
            yield table
        for each in (field.visible, field.default_formula, field.formulas.get("value")):
            if each is not None:
                yield from local_reads(form, table, each.checked.reads)

    return {path: tuple(dict.fromkeys(needs(path, field))) for path, field in fields.items()}


def live_needs(types: FormTypes, place: Place) -> Iterator[Place]:
    """The fields, of any form, from which a computed field is worked out whenever it is read."""
    form = types.world.get(place.form)
    field = form.find(place.path) if form is not None else None
    if form is None or field is None or not field.computed:
        return
    table = place.path.partition(".")[0] if "." in place.path else None
    for named in field.type.references(field.config):
        if named.links_to_owner and named.field is not None:
            # Even that something points here is told by the link there.
            there, _, rows = named.form.partition(".")
            yield Place(there, f"{rows}.{named.field}" if rows else named.field)
    for use in field.type.formulas(field.config):
        scope = types.use_scope(form, table, use)
        try:
            reads = types.check(use.formula.node, scope).reads
        except (FormulaError, KeyError):
            continue
        row = scope.row.form if scope.row else None
        yield from read_places(types.world, reads, form.key, row, use.target)
