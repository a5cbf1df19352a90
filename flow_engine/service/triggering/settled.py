"""Whether a condition hangs on its record alone, so that only a write of the record can change it."""

from flow_engine.service.catalogue import Pinned
from form_engine.definition import CompiledForm
from form_engine.formula import Name, Node, walk
from form_engine.formula.checked import CONTEXT_FUNCTIONS
from form_engine.formula.nodes import Call


def settled(pinned: Pinned, formula: str) -> bool:
    """No link is followed, no rollup read, no clock asked."""
    flow, form = pinned
    return _settled(flow.formulas["", formula].node, form)


def _settled(node: Node, form: CompiledForm) -> bool:
    for each in walk(node):
        if isinstance(each, Call) and each.function in CONTEXT_FUNCTIONS:
            return False
        if isinstance(each, Name) and each.root == "own" and not _own(each, form):
            return False
    return True


def _own(name: Name, form: CompiledForm) -> bool:
    field = form.by_path.get(name.path[0])
    if field is None:
        return True  # a system's name: it changes with the record
    return field.settled and (len(name.path) == 1 or (bool(field.columns) and len(name.path) == 2))
