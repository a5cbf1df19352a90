"""What of a condition's values a reader may know: fields that they may not read are absent from a run's way, too."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.definition.compile import row_form
from form_engine.definition.paths import places
from form_engine.formula import FormulaError, Name, parse, walk
from form_engine.permission import accesses
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms


class Told:
    """One reader; without one (the command line) everything is told."""

    def __init__(self, session: Session, forms: Forms, flow: FlowDef, reader: Actor | None) -> None:
        self.forms, self.flow = forms, flow
        self.world = {key: each.definition for key, each in forms.items()}
        self.access = accesses(session, forms, reader) if reader is not None else None

    def values(self, step: str, formula: str, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """Those that come from fields which the reader may read wherever they may meet them."""
        if self.access is None:
            return dict(values)
        try:
            names = {str(node): node for node in walk(parse(formula)) if isinstance(node, Name)}
        except FormulaError:
            return {}
        return {key: value for key, value in values.items() if key in names and self._known(step, names[key])}

    def _known(self, step: str, name: Name) -> bool:
        rows = self.flow.rows(step)
        source = row_form(self.flow.form, rows) if name.root == "row" and rows else self.flow.form
        access = self.access or {}
        return all(
            place.form in access and access[place.form].readable(place.form, place.path)
            for place in places(self.world, source, name.path)
        )
