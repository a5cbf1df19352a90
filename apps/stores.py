"""The definition stores that an app is installed into and exported from, one for each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.schemas import check_shape
from form_engine.definition import parse_role, parse_view
from form_engine.definitions_store import DefinitionStore, FormStore

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stores:
    """Made once by the composition; every process has its own caches in them."""

    roles: DefinitionStore[Any]
    forms: FormStore
    flows: DefinitionStore[Any]
    views: DefinitionStore[Any]
    apps: DefinitionStore[Body]

    def of_kind(self, kind: str) -> DefinitionStore[Any]:
        """The store of a kind that bundles have a folder for."""
        by_kind: Mapping[str, DefinitionStore[Any]] = {
            "role": self.roles,
            "form": self.forms,
            "flow": self.flows,
            "view": self.views,
        }
        return by_kind[kind]


def stores_for(forms: FormStore, flows: DefinitionStore[Any]) -> Stores:
    """The stores around those that records and flows work with.

    Installed apps are definitions too: what is live is what is installed, older versions say what was.
    """
    return Stores(
        roles=DefinitionStore("role", parse_role),
        forms=forms,
        flows=flows,
        views=DefinitionStore("view", parse_view),
        apps=DefinitionStore("app", _parse_app),
    )


def _parse_app(raw: Any) -> Body:
    check_shape("app", {key: value for key, value in raw.items() if key != "installed"}, "app.json")
    return dict(raw)
