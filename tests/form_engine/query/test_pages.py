"""Pages in both directions, counts, streams and sets of ids: all of the same records in the same order."""

from typing import Any

import pytest
from formloom.errors import InvalidInput
from sqlalchemy import select

from form_engine.models import Record
from form_engine.query import count, listing
from form_engine.records.actor import SYSTEM, Actor

SORTS = [
    (),
    ("name",),
    ("-name", "amount"),
    ("left",),
    ("-spent", "opened"),
    ("created_at",),
    ("-amount",),
    ("-opened", "-code"),
    ("opened", "name"),
    ("-name", "opened"),
]


@pytest.fixture
def budgets(office: Any) -> list[int]:
    names = ["重庆", "上海", None, "beta", None, "北京", "长沙", "beta"]
    opened = ["2026-01-05", None, "2026-01-01", "2026-01-05", None, "2026-02-01", "2026-01-05", None]
    return [
        office.create("budget", {"code": f"B{n}", "name": names[n], "amount": f"{n % 3}.00", "opened": opened[n]}).id
        for n in range(8)
    ]


@pytest.mark.parametrize("few", [0, 2_000])
@pytest.mark.parametrize("sort", SORTS)
def test_there_and_back_again(
    office: Any, budgets: list[int], monkeypatch: pytest.MonkeyPatch, sort: tuple[str, ...], few: int
) -> None:
    """Sorted in memory, and walked along an index: the same pages, forwards and backwards."""
    monkeypatch.setattr(listing, "FEW", few)
    whole = office.ids("budget", sort=sort)
    assert sorted(whole) == budgets
    pages, place = [], None
    with office.work() as session:
        while True:
            page = office.records.list_page(session, office.forms, "budget", SYSTEM, sort=sort, after=place, limit=3)
            pages.append(page)
            assert (page.previous is None) == (len(pages) == 1)
            place = page.next
            if place is None:
                break
        assert [item.id for page in pages for item in page.items] == whole
        back, place = list(pages[-1].items), pages[-1].previous
        while place is not None:
            page = office.records.list_page(session, office.forms, "budget", SYSTEM, sort=sort, before=place, limit=3)
            assert page.next is not None
            back = [*page.items, *back]
            place = page.previous
    assert [item.id for item in back] == whole


@pytest.mark.parametrize("few", [0, 2_000])
@pytest.mark.parametrize("sort", SORTS)
def test_a_stream_is_the_list(
    office: Any, budgets: list[int], monkeypatch: pytest.MonkeyPatch, sort: tuple[str, ...], few: int
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    asked: dict[str, Any] = {"filter": {"field": "amount", "op": "gt", "value": "0"}, "sort": sort}
    with office.work() as session:
        access = office.records.access(session, office.forms, "budget", SYSTEM)
        batches = list(listing.stream(session, access, **asked, columns=["code", "left"], batch=2))
    assert [item.id for batch in batches for item in batch] == office.ids("budget", **asked)
    assert max(len(batch) for batch in batches) == 2
    view = batches[0][0]
    assert set(view.values) == {"code"}
    assert set(view.computed) == {"left"}
    assert view.title == office.view(view.id).title


def test_ids_for_bulk_work_need_the_right_to_it(office: Any, budgets: list[int], make_person: Any) -> None:
    li = make_person("Li", "member")
    member = Actor.person(li.id, frozenset({"member"}))
    office.update(budgets[0], {"owner": li.id})
    with office.work() as session:
        all_of_it = office.records.access(session, office.forms, "budget", SYSTEM)
        own = office.records.access(session, office.forms, "budget", member)

        def ids(access: Any, **asked: Any) -> list[int]:
            found = listing.matching_ids(session, access, **asked)
            return sorted(session.scalars(select(Record.id).where(Record.id.in_(found))))

        assert ids(all_of_it, filter={"field": "amount", "value": "0"}) == [budgets[0], budgets[3], budgets[6]]
        assert ids(own) == [budgets[0]]
        assert ids(own, action="update") == []
        assert next(iter(listing.stream(session, own)))[0].id == budgets[0]


def test_a_count_is_exact_up_to_a_limit_and_estimated_beyond(
    office: Any, budgets: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(**asked: Any) -> Any:
        with office.work() as session:
            return office.records.list_page(session, office.forms, "budget", SYSTEM, limit=2, **asked)

    exact = page()
    assert (exact.count, exact.estimated, exact.capped) == (8, False, False)
    for module in (listing, count):
        monkeypatch.setattr(module, "EXACT", 5)
    monkeypatch.setattr(listing, "FEW", 1)
    first = page(count_to=5)
    assert (first.count, first.estimated) == (8, True)  # so few that the sample is all of them
    second = page(count_to=5, after=first.next)
    assert (second.count, second.estimated) == (8, True)
    capped = page(count_to=3)
    assert (capped.count, capped.estimated, capped.capped) == (3, False, True)


@pytest.mark.parametrize("asked", [{"after": "x", "before": "y"}, {"before": "rubbish"}])
def test_a_place_is_of_one_list_and_one_direction(office: Any, budgets: list[int], asked: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        office.ids("budget", **asked)
    assert refused.value.issues[0].pointer == "/before"
