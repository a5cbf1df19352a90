"""From which stored fields, of whatever form, a computed field or a title is worked out."""

from collections.abc import Mapping

from form_engine.definition import CompiledForm
from form_engine.definition.paths import Place, read_places
from form_engine.definition.reads import live_needs
from form_engine.definition.scope import FormTypes
from form_engine.formula import Reads


class Sources:
    """What every computed field of the live forms reads, asked once a form."""

    def __init__(self, forms: Mapping[str, CompiledForm]) -> None:
        self._types = FormTypes({key: form.definition for key, form in forms.items()})
        self._known: dict[Place, tuple[Place, ...]] = {}
        self._titles: dict[CompiledForm, tuple[Place, ...]] = {}

    def of(self, place: Place) -> tuple[Place, ...]:
        """Every place, computed or not, from which this one is worked out."""
        if place not in self._known:
            self._known[place] = ()  # publish refuses circles; be sure anyway
            direct = tuple(live_needs(self._types, place))
            further = (found for each in direct for found in self.of(each))
            self._known[place] = tuple(dict.fromkeys((*direct, *further)))
        return self._known[place]

    def of_reads(self, form: str, reads: Reads) -> tuple[Place, ...]:
        """Every place that a formula of this form reads (a row filter), and from which those are worked out."""
        return self._all(tuple(read_places(self._types.world, reads, form, None, None)))

    def of_title(self, form: CompiledForm) -> tuple[Place, ...]:
        """Every place from which the title of this form's records is made."""
        if form not in self._titles:
            if isinstance(form.display, tuple):
                named = tuple(Place(form.key, key) for key in form.display if form.field(key) is not None)
                self._titles[form] = self._all(named)
            else:
                self._titles[form] = self.of_reads(form.key, form.display.checked.reads)
        return self._titles[form]

    def _all(self, named: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(dict.fromkeys((*named, *(found for each in named for found in self.of(each)))))
