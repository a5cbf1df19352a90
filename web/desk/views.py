"""The views that apps give a form: a filter, columns and an order under a name, offered as tabs above the list."""

from form_engine.definition import CompiledForm
from form_engine.definition.views import ViewDef
from form_engine.formula import Node, check
from web.context import services
from web.desk.world import World


def views_of(world: World, form: CompiledForm) -> tuple[ViewDef, ...]:
    """The views of this form that the reader's roles find."""
    store = services().stores.views
    found = (store.live(world.session, key) for key in store.keys(world.session))
    return tuple(view for view in found if view.form == form.key and (not view.roles or view.roles & world.actor.roles))


def condition(form: CompiledForm, view: ViewDef | None) -> Node | None:
    """The view's filter, checked over the form as it is now."""
    return None if view is None or view.where is None else check(view.where.node, form.scope).node


def order(view: ViewDef | None) -> tuple[str, ...]:
    """The view's order as a list asks for it."""
    return () if view is None else view.look.order
