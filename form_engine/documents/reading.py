"""Which formulas of a document somebody may have answered: those of which they may read everything that they read."""

from collections.abc import Callable

from form_engine.definition import FieldAccess
from form_engine.definition.paths import Place
from form_engine.documents.compile import Reading
from form_engine.permission import Access


def readable_by(access: Access, fields: FieldAccess) -> Callable[[Reading], bool]:
    """The question, for one record: `fields` is what its reader may see of it; other forms are judged as computed
    fields judge them (ADR 016), by what may be read in all of their records.
    """
    if access.actor.trusted:
        return lambda _: True
    known: dict[Place, bool] = {}

    def may_read(place: Place) -> bool:
        if place.form == access.form.key:
            return fields.may_read(place.path)
        levels = access.elsewhere.get(place.form)
        return levels is not None and levels.may_read(place.path)

    def whole(place: Place) -> bool:
        if place not in known:
            known[place] = all(may_read(each) for each in (place, *access.forms.sources.of(place)))
        return known[place]

    return lambda reading: all(whole(place) for place in reading.places)
