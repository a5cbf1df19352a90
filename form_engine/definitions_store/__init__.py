"""Where definitions live: drafts with revisions, immutable versions, and the forms that are live now, compiled."""

from form_engine.definitions_store.form_store import FormStore
from form_engine.definitions_store.store import DefinitionStore, Draft
from form_engine.records.forms import Forms

__all__ = ["DefinitionStore", "Draft", "FormStore", "Forms"]
