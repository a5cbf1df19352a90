"""A list's question as it comes from an address: search words, filters by chips, an order, a page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from formloom.errors import InvalidInput, Issue

from form_engine.definition import CompiledForm
from web import strict_json

PAGE = 50
_PREFIX = "f."


@dataclass(frozen=True, slots=True)
class ListQuery:
    """``chosen`` maps a field to the value of its chip; ``filter`` is a whole tree, which only the API sends."""

    q: str = ""
    chosen: Mapping[str, str] | None = None
    filter: Any = None
    sort: tuple[str, ...] = ()
    after: str | None = None
    limit: int = PAGE
    view: str = ""
    before: str | None = None

    def tree(self) -> Any:
        """Everything that narrows the list, as the one filter tree of the query layer."""
        chips = [{"field": key, "op": "eq", "value": value} for key, value in (self.chosen or {}).items()]
        if not chips:
            return self.filter  # as it was sent, so that what is wrong with it is found where it stands
        return {"and": [*([self.filter] if self.filter is not None else []), *chips]}

    def address(self, form: str) -> str:
        """The page's address for this question."""
        pairs = [(f"{_PREFIX}{key}", value) for key, value in (self.chosen or {}).items()]
        pairs += [("view", self.view)] if self.view else []
        pairs += [("q", self.q)] if self.q else []
        pairs += [("sort", ",".join(self.sort))] if self.sort else []
        pairs += [("after", self.after)] if self.after else []
        return f"/forms/{form}" + (f"?{urlencode(pairs)}" if pairs else "")

    def choosing(self, key: str, value: str | None) -> "ListQuery":
        """The question with a chip turned on, or off for ``None``; back to the first page."""
        rest = {other: kept for other, kept in (self.chosen or {}).items() if other != key}
        return replace(self, chosen=rest if value is None else {**rest, key: value}, after=None)

    def sorted_by(self, key: str) -> "ListQuery":
        """The question in this column's order; asked again, the other way round."""
        order = f"-{key}" if self.sort[:1] == (key,) else key
        return replace(self, sort=(order,), after=None)


def page_query(form: CompiledForm, args: Mapping[str, str]) -> ListQuery:
    """From a page's address; chips of fields that the form does not have are ignored."""
    chosen = {
        name.removeprefix(_PREFIX): value[:200]
        for name, value in args.items()
        if name.startswith(_PREFIX) and form.field(name.removeprefix(_PREFIX)) is not None
    }
    sort = tuple(part for part in args.get("sort", "")[:200].split(",") if part)
    return ListQuery(
        args.get("q", "").strip()[:200], chosen, None, sort, args.get("after") or None, view=args.get("view", "")[:100]
    )


def list_query(args: Mapping[str, Any]) -> ListQuery:
    """From the API's query string; a filter that is no JSON is refused with its reason."""
    tree = None
    if args.get("filter"):
        try:
            tree = strict_json.loads(args["filter"].encode())
        except InvalidInput as error:
            issues = tuple(Issue(f"/filter{one.pointer}", one.code, one.params) for one in error.issues)
            raise InvalidInput("invalid_query", issues=issues) from error
    sort = tuple(part for part in args.get("sort", "").split(",") if part)
    return ListQuery(
        args.get("q", ""), None, tree, sort, args.get("after"), args.get("limit", PAGE), before=args.get("before")
    )
