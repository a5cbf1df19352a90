"""The fields through which a record points to others, found once a form: most writes touch none of them."""

from weakref import WeakKeyDictionary

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import LinkConfig

_KNOWN: WeakKeyDictionary[CompiledForm, tuple[CompiledField, ...]] = WeakKeyDictionary()


def is_link(field: CompiledField) -> bool:
    """Whether a field's or column's value is another record's id."""
    return isinstance(field.definition.config, LinkConfig)


def pointing_fields(form: CompiledForm) -> tuple[CompiledField, ...]:
    """Links, and tables that have a link among their columns."""
    found = _KNOWN.get(form)
    if found is None:
        found = _KNOWN[form] = tuple(each for each in form.fields if is_link(each) or any(map(is_link, each.columns)))
    return found
