"""A list's question as it comes from an address: search words, filters, an order, a page, and how it is to look."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from formloom.errors import InvalidInput, Issue

from form_engine.definition import CompiledForm
from web import strict_json

PAGE = 50
LOOKS = ("show", "columns", "group", "sums", "by", "start", "end", "cover", "colour", "frozen", "widths", "layout")
"""What an address may say of how a list looks, over what its view says."""
_PREFIX = "f."
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class ListQuery:
    """``chosen`` maps a field to the value of its chip; ``filter`` is a whole tree. ``saved`` is the id of a saved
    view, ``on`` the day whose month a calendar shows, ``span`` how much a timeline shows.
    """

    q: str = ""
    chosen: Mapping[str, str] | None = None
    filter: Any = None
    sort: tuple[str, ...] = ()
    after: str | None = None
    limit: int = PAGE
    view: str = ""
    before: str | None = None
    saved: int | None = None
    look: Mapping[str, str] = field(default_factory=dict)
    on: str = ""
    span: str = ""
    says_filter: bool = False
    """The address has a filter of its own (it may be empty): then that of the saved view does not hold."""

    def tree(self, kept: Any = None) -> Any:
        """Everything that narrows the list, as the one filter tree of the query layer. ``kept``: a saved view's."""
        chips = [{"field": key, "op": "eq", "value": value} for key, value in (self.chosen or {}).items()]
        own = self.filter if self.says_filter or self.filter is not None else kept
        if not chips:
            return own  # as it was sent, so that what is wrong with it is found where it stands
        return {"and": [*([own] if own else []), *chips]}

    def pairs(self) -> list[tuple[str, str]]:
        """The question as an address has it, without its page."""
        pairs = [(f"{_PREFIX}{key}", value) for key, value in (self.chosen or {}).items()]
        pairs += [("view", self.view)] if self.view else []
        pairs += [("saved", str(self.saved))] if self.saved is not None else []
        pairs += [("q", self.q)] if self.q else []
        pairs += [("filter", json.dumps(self.filter, ensure_ascii=False, separators=(",", ":")))] if self.filter else []
        pairs += [("filter", "")] if self.says_filter and not self.filter else []
        pairs += [("sort", ",".join(self.sort))] if self.sort else []
        pairs += [(key, self.look[key]) for key in LOOKS if key in self.look]
        pairs += [("on", self.on)] if self.on else []
        pairs += [("span", self.span)] if self.span else []
        return pairs

    def address(self, form: str) -> str:
        """The page's address for this question."""
        pairs = self.pairs() + ([("after", self.after)] if self.after else [])
        return f"/forms/{form}" + (f"?{urlencode(pairs)}" if pairs else "")

    def choosing(self, key: str, value: str | None) -> "ListQuery":
        """The question with a chip turned on, or off for ``None``; back to the first page."""
        rest = {other: kept for other, kept in (self.chosen or {}).items() if other != key}
        return replace(self, chosen=rest if value is None else {**rest, key: value}, after=None)

    def sorted_by(self, key: str) -> "ListQuery":
        """The question in this column's order; asked again, the other way round."""
        order = f"-{key}" if self.sort[:1] == (key,) else key
        return replace(self, sort=(order,), after=None)

    def showing(self, **look: str) -> "ListQuery":
        """The question with another look; back to the first page."""
        return replace(self, look={**self.look, **look}, after=None)


def page_query(form: CompiledForm, args: Mapping[str, str]) -> ListQuery:
    """From a page's address; chips of fields that the form does not have are ignored. Raises InvalidInput for a
    filter that is no JSON.
    """
    chosen = {
        name.removeprefix(_PREFIX): value[:200]
        for name, value in args.items()
        if name.startswith(_PREFIX) and form.field(name.removeprefix(_PREFIX)) is not None
    }
    sort = tuple(part for part in args.get("sort", "")[:200].split(",") if part)
    saved = args.get("saved", "")
    return ListQuery(
        args.get("q", "").strip()[:200],
        chosen,
        _tree(args),
        sort,
        args.get("after") or None,
        view=args.get("view", "")[:100],
        saved=int(saved) if saved.isascii() and saved.isdigit() and len(saved) < 19 else None,
        look={key: args[key][:_MOST] for key in LOOKS if key in args},
        on=args.get("on", "")[:10],
        span=args.get("span", "")[:10],
        says_filter="filter" in args,
    )


def list_query(args: Mapping[str, Any]) -> ListQuery:
    """From the API's query string; a filter that is no JSON is refused with its reason."""
    sort = tuple(part for part in args.get("sort", "").split(",") if part)
    return ListQuery(
        args.get("q", ""),
        None,
        _tree(args),
        sort,
        args.get("after"),
        args.get("limit", PAGE),
        view=args.get("view", ""),
        before=args.get("before"),
    )


def _tree(args: Mapping[str, Any]) -> Any:
    if not args.get("filter"):
        return None
    try:
        return strict_json.loads(args["filter"].encode())
    except InvalidInput as error:
        issues = tuple(Issue(f"/filter{one.pointer}", one.code, one.params) for one in error.issues)
        raise InvalidInput("invalid_query", issues=issues) from error
