"""What names mean in a form's formulas: types of fields, worked out when first asked.

A computed field has the type of its formula, which may read computed fields of other forms, so types cannot be listed
ahead.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from form_engine.definition.model import FieldDef, FormDef
from form_engine.definition.order import ordered
from form_engine.definition.paths import Place, places
from form_engine.fields.expression import FormulaUse
from form_engine.formula import Checked, FormulaError, Name, Node, Type, TypeScope, check, walk
from form_engine.formula.types import ANY, DATETIME, NUMBER, PERSON, TEXT

SYSTEM_TYPES: Final[Mapping[str, Type]] = {
    "id": NUMBER,
    "number": TEXT,
    "created_at": DATETIME,
    "created_by": PERSON,
    "updated_at": DATETIME,
    "updated_by": PERSON,
}
ROW_TYPES: Final[Mapping[str, Type]] = {"id": TEXT}


class FormTypes(Mapping[str, Mapping[str, Type]]):
    """The fields of every form (`order`) and of every table's rows (`order.lines`), with their types."""

    def __init__(self, world: Mapping[str, FormDef]) -> None:
        self.world = world
        self._known: dict[str, _Fields] = {}
        self._resolving = False

    def __getitem__(self, source: str) -> Mapping[str, Type]:
        return self._fields(source)

    def _fields(self, source: str) -> "_Fields":
        if source not in self._known:
            key, _, table = source.partition(".")
            form = self.world[key]
            fields = form.by_key[table].by_key if table else form.by_key
            found = {name: field for name, field in fields.items() if field.type.in_formulas}
            self._known[source] = _Fields(self, form, found, table)
        return self._known[source]

    def __iter__(self) -> Iterator[str]:
        for key, form in self.world.items():
            yield key
            yield from (f"{key}.{each.key}" for each in form.fields if each.fields)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def scope(self, form: FormDef, row: str | None = None, target: str | None = None, *, own: bool = True) -> TypeScope:
        """What a formula of this form sees; `row` and `target` are sources such as `order.lines`."""
        return TypeScope(
            own=self[form.key] if own else {},
            forms=self,
            row=Type("record", form=row) if row else None,
            target=Type("record", form=target) if target else None,
        )

    def use_scope(self, form: FormDef, table: str | None, use: FormulaUse) -> TypeScope:
        """What a formula in a field's config sees. In a table's column, `row.` is the row it stands in."""
        row = use.row or (f"{form.key}.{table}" if table and use.own else None)
        return self.scope(form, row, use.target, own=use.own)

    def resolve(self, form: str, path: str) -> None:
        """Work out the type of a computed field, beginning with what it reads: a chain of a thousand formulas through
        ten forms takes no deeper stack than one formula.
        """
        if self._resolving:
            return
        self._resolving = True
        try:
            order, _ = ordered([Place(form, path)], self._named)
            for place in order:
                table, _, key = place.path.rpartition(".")
                self._fields(f"{place.form}.{table}" if table else place.form).work_out(key)
        finally:
            self._resolving = False

    def _named(self, place: Place) -> Iterator[Place]:
        """The fields that a computed field's formulas name, as far as their texts tell without types."""
        form = self.world[place.form]
        field = form.find(place.path)
        if field is None or not field.computed:
            return
        table, dot, _ = place.path.partition(".")
        for use in field.type.formulas(field.config):
            row = use.row or (f"{form.key}.{table}" if dot else None)
            for name in walk(use.formula.node):
                if not isinstance(name, Name):
                    continue
                source = {"own": form.key, "row": row, "target": use.target}[name.root]
                if source is not None:
                    yield from places(self.world, source, name.path)
                else:  # `row.` inside FILTER: a row of any of the form's tables
                    for each in form.fields:
                        yield from places(self.world, f"{form.key}.{each.key}", name.path) if each.fields else ()

    def check(self, node: Node, scope: TypeScope) -> Checked:
        """The formula with its type. Raises FormulaError."""
        return check(node, scope)


class _Fields(Mapping[str, Type]):
    """The fields of one form or table. While a computed field's type is being worked out it counts as `any`: the cycle
    that this hides is named by the check for cycles."""

    def __init__(self, types: FormTypes, form: FormDef, fields: Mapping[str, FieldDef], table: str) -> None:
        self._types, self._form, self._fields, self._table = types, form, fields, table
        self._system = ROW_TYPES if table else SYSTEM_TYPES
        self._known: dict[str, Type] = dict(self._system)

    def __getitem__(self, key: str) -> Type:
        if key not in self._known:
            path = f"{self._table}.{key}" if self._table else key
            if self._fields[key].computed:
                self._types.resolve(self._form.key, path)
            self.work_out(key)
        return self._known[key]

    def work_out(self, key: str) -> None:
        """The type of one field, now."""
        if key not in self._known and key in self._fields:
            self._known[key] = ANY
            self._known[key] = self._type(self._fields[key])

    def __iter__(self) -> Iterator[str]:
        yield from self._fields
        yield from self._system

    def __len__(self) -> int:
        return len(self._fields) + len(self._system)

    def _type(self, field: FieldDef) -> Type:
        if field.fields:
            return Type("list", of=Type("record", form=f"{self._form.key}.{field.key}"))
        return field.type.result_type(field.config, self._infer)

    def _infer(self, use: FormulaUse) -> Type:
        try:
            scope = self._types.use_scope(self._form, self._table or None, use)
            return self._types.check(use.formula.node, scope).type
        except (FormulaError, KeyError):
            return ANY
