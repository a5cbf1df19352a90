"""A figure over the records that point here: `from` names their form or a table in it, `via` the link that points here.

`of` and `where` are asked of every such record (`target.`) and, where `from` is a table, of its row (`row.`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from form_engine.fields.base import ORDER, Cleaner, ConfigError, FieldType, refuse_computed
from form_engine.fields.expression import Formula, FormulaUse, Reference, read_formula
from form_engine.fields.formula import FORMAT, Shown, client_shown, computed_json, computed_schema, read_shown, shown_as
from form_engine.fields.schema import CURRENCY, FORMULA, KEY, PATH, SCALE, Schema
from form_engine.formula import Type, Value
from form_engine.formula.types import NUMBER


@dataclass(frozen=True, slots=True)
class RollupConfig:
    form: str
    table: str | None
    via: str
    fn: str
    of: Formula | None
    where: Formula | None
    shown: Shown

    @property
    def source(self) -> str:
        """Where it reads: `order` or `order.lines`."""
        return f"{self.form}.{self.table}" if self.table else self.form


class RollupField(FieldType[RollupConfig]):
    name = "rollup"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "from": PATH,
        "via": KEY,
        "fn": {"enum": ["sum", "count", "min", "max", "average"]},
        "of": FORMULA,
        "where": FORMULA,
        "format": FORMAT,
        "currency": CURRENCY,
        "decimals": SCALE,
    }
    config_required = ("from", "via", "fn")
    computed = True
    stored = False
    in_table = False
    operators = ORDER

    def parse_config(self, raw: Mapping[str, Any]) -> RollupConfig:
        if raw["fn"] == "count" and "of" in raw:
            raise ConfigError("/of", "count_takes_no_value")
        if raw["fn"] != "count" and "of" not in raw:
            raise ConfigError("/of", "required")
        form, _, table = raw["from"].partition(".")
        of = read_formula(raw["of"], "/of") if "of" in raw else None
        where = read_formula(raw["where"], "/where") if "where" in raw else None
        return RollupConfig(form, table or None, raw["via"], raw["fn"], of, where, read_shown(raw))

    def cleaner(self, config: RollupConfig) -> Cleaner:
        return refuse_computed

    def formulas(self, config: RollupConfig) -> tuple[FormulaUse, ...]:
        row = config.source if config.table else None
        uses = (("of", config.of, "number"), ("where", config.where, "logical"))
        return tuple(
            FormulaUse(name, formula, "number" if expected == "number" else "logical", config.form, row, own=False)
            for name, formula, expected in uses
            if formula is not None
        )

    def references(self, config: RollupConfig) -> tuple[Reference, ...]:
        return (
            Reference("/from", config.source),
            Reference("/via", config.source, config.via, links_to_owner=True, single=True),
        )

    def formula_type(self, config: RollupConfig) -> Type:
        return NUMBER

    def result_type(self, config: RollupConfig, infer: Callable[[FormulaUse], Type]) -> Type:
        return NUMBER if config.of is None else infer(self.formulas(config)[0])

    def may_index(self, config: RollupConfig) -> bool:
        """Its contributions are kept, so its figure can be kept current too."""
        return True

    def nothing(self, config: RollupConfig) -> Value:
        return Decimal(0) if config.fn in ("sum", "count") else None

    def to_value(self, stored: Any, config: RollupConfig) -> Value:
        raise NotImplementedError("a computed value is never read back from a record")

    def to_json(self, value: Any, config: RollupConfig) -> object:
        return computed_json(value)

    def shown_by(self, config: RollupConfig, result: Type) -> tuple[FieldType[Any], Any]:
        return shown_as(config.shown, result, {})

    def value_schema(self, config: RollupConfig) -> Schema:
        return computed_schema()

    def client_config(self, config: RollupConfig, locale: str) -> dict[str, Any]:
        return client_shown(config.shown)
