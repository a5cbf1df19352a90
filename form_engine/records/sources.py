"""From which stored fields, of whatever form, a computed field is worked out."""

from collections.abc import Mapping

from form_engine.definition import CompiledForm
from form_engine.definition.paths import Place
from form_engine.definition.reads import live_needs
from form_engine.definition.scope import FormTypes


class Sources:
    """What every computed field of the live forms reads, asked once a form."""

    def __init__(self, forms: Mapping[str, CompiledForm]) -> None:
        self._types = FormTypes({key: form.definition for key, form in forms.items()})
        self._known: dict[Place, tuple[Place, ...]] = {}

    def of(self, place: Place) -> tuple[Place, ...]:
        """Every place, computed or not, from which this one is worked out."""
        if place not in self._known:
            self._known[place] = ()  # publish refuses circles; be sure anyway
            direct = tuple(live_needs(self._types, place))
            further = (found for each in direct for found in self.of(each))
            self._known[place] = tuple(dict.fromkeys((*direct, *further)))
        return self._known[place]
