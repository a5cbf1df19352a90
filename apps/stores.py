"""The definition stores that an app is installed into and exported from, one for each kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from formloom.errors import InvalidDefinition, Issue
from formloom.files import FileStore
from sqlalchemy.orm import Session

from apps.schemas import check_shape
from form_engine.calendars.store import CalendarStore
from form_engine.definition import CompiledForm, RoleDef, ViewDef, check_view, parse_role, parse_view
from form_engine.definitions_store import DefinitionStore, FormStore
from form_engine.documents.store import DocumentStore
from form_engine.imports.store import ImportStore

Body = dict[str, Any]


class ViewStore(DefinitionStore[ViewDef]):
    """The definitions of views. Publishing checks them against the live forms."""

    def __init__(self, forms: FormStore) -> None:
        super().__init__("view", parse_view)
        self._forms = forms

    def check(self, session: Session, parsed: Mapping[str, ViewDef]) -> None:
        """Raises InvalidDefinition with every issue, below the view's key."""
        world = {key: form.definition for key, form in self._forms.forms(session).items()}
        issues = tuple(
            Issue(f"/{key}{issue.pointer}", issue.code, issue.params)
            for key, view in parsed.items()
            for issue in check_view(view, world)
        )
        if issues:
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, issues)

    def broken_by(self, session: Session, forms: Mapping[str, CompiledForm]) -> Iterator[tuple[str, Issue]]:
        """What a live view names that these forms do not have (any more)."""
        world = {key: form.definition for key, form in forms.items()}
        for key in self.keys(session):
            yield from ((key, issue) for issue in check_view(self.live(session, key), world))


@dataclass(frozen=True, slots=True)
class Stores:
    """Made once by the composition; every process has its own caches in them."""

    calendars: CalendarStore
    roles: DefinitionStore[RoleDef]
    forms: FormStore
    documents: DocumentStore
    flows: DefinitionStore[Any]
    views: DefinitionStore[ViewDef]
    imports: ImportStore
    apps: DefinitionStore[Body]
    files: FileStore | None = None
    """Where the files of documents are; without them an app can bring none."""

    def of_kind(self, kind: str) -> DefinitionStore[Any]:
        """The store of a kind that bundles have a folder for."""
        by_kind: Mapping[str, DefinitionStore[Any]] = {
            "calendar": self.calendars,
            "role": self.roles,
            "form": self.forms,
            "document": self.documents,
            "flow": self.flows,
            "view": self.views,
            "import": self.imports,
        }
        return by_kind[kind]


def stores_for(forms: FormStore, flows: DefinitionStore[Any], files: FileStore | None = None) -> Stores:
    """The stores around those that records and flows work with.

    Installed apps are definitions too: what is live is what is installed, older versions say what was.
    """
    views = ViewStore(forms)
    imports = ImportStore(forms)
    documents = DocumentStore(forms)
    forms.dependents = (flows, views, imports, documents)
    return Stores(
        calendars=CalendarStore(),
        roles=DefinitionStore("role", parse_role),
        forms=forms,
        documents=documents,
        flows=flows,
        views=views,
        imports=imports,
        apps=DefinitionStore("app", _parse_app),
        files=files,
    )


def _parse_app(raw: Any) -> Body:
    check_shape("app", {key: value for key, value in raw.items() if key != "installed"}, "app.json")
    return dict(raw)
