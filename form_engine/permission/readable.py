"""Which fields somebody may read once it is remembered what computed fields are computed from. Pure.

A computed field is readable only if all that it is computed from is, in whatever form that stands; so is the title.
"""

from collections.abc import Mapping

from form_engine.definition import CompiledForm, FieldAccess, Level
from form_engine.definition.access import TITLE
from form_engine.definition.paths import Place
from form_engine.records.sources import Sources

Levels = Mapping[str, FieldAccess]
"""By form: what the reader may see in every record of it that they can meet (NOTHING, or absent: none of it)."""


def closed_over(form: CompiledForm, own: FieldAccess, elsewhere: Levels, sources: Sources) -> FieldAccess:
    """`own`, with every computed field (and `TITLE`) hidden that reads something hidden, in whatever form."""
    hidden = {
        path: Level.HIDDEN
        for path, field in form.walk()
        if field.computed
        and own.may_read(path)
        and not _all_readable(form.key, own, elsewhere, sources.of(Place(form.key, path)))
    }
    whole = FieldAccess({**own.paths, **hidden}, own.rest) if hidden else own
    shown = _all_readable(form.key, whole, elsewhere, sources.of_title(form))
    title = Level.READ if shown else Level.HIDDEN
    return whole if whole.may_read(TITLE) == shown else FieldAccess({**whole.paths, TITLE: title}, whole.rest)


def _all_readable(form: str, own: FieldAccess, elsewhere: Levels, places: tuple[Place, ...]) -> bool:
    for place in places:
        access = own if place.form == form else elsewhere.get(place.form)
        if access is None or not access.may_read(place.path):
            return False
    return True
