"""Records of a form, found when they are needed: by what they link to and by a condition over each candidate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.value import Formula


@dataclass(frozen=True, slots=True)
class Search:
    """`via` is a link of the found form that leads to the run's record; `where` asks each candidate (`target.`).

    `sort` are field names, `-` before one turns it round; where nothing is said, the oldest come first.
    """

    form: str
    where: Formula | None = None
    via: str | None = None
    sort: tuple[str, ...] = ()


def parse_search(raw: Mapping[str, Any]) -> Search:
    """A `where` object; its shape has been checked by the schema."""
    where = Formula(raw["where"]) if "where" in raw else None
    return Search(raw["form"], where, raw.get("via"), tuple(raw.get("sort", ())))
