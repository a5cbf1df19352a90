"""Fifty at once and the same again: one decision, one journal entry, one audit entry, one answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.security.town import Town, entered, fresh_key
from tests.web.conftest import Browser

MANY = 50
LANES = 10


def at_once(requests: list[Any]) -> list[Any]:
    """Call all of these at the same moment, as far as threads can."""
    barrier = Barrier(LANES)

    def lane(mine: list[Any]) -> list[Any]:
        barrier.wait()
        return [each() for each in mine]

    with ThreadPoolExecutor(LANES) as pool:
        return [answer for answers in pool.map(lane, [requests[n::LANES] for n in range(LANES)]) for answer in answers]


def counts(town: Town, payment: int) -> Counter[str]:
    """What a decision leaves behind."""
    (run,) = town.stored("run", record_id=payment)
    decided = [row for row in town.stored("run_journal", run_id=run["id"]) if "decided" in str(row["event"])]
    audited = [row for row in town.stored("audit_entry") if row["subject"] in (f"run:{run['id']}", f"record:{payment}")]
    history = town.stored("record_history", record_id=payment)
    return Counter(journal=len(decided), audit=len(audited), history=len(history), run=run["version"])


def test_fifty_decisions_at_once_are_one(town: Town) -> None:
    payment = town.at_supervisor("bill_big")
    task = town.task_of(payment, "supervisor")
    browsers = [entered(town.app, "supervisor@home.test") for _ in range(LANES)]
    before = counts(town, payment)

    def press(number: int) -> Any:
        body = {"decision": "approve"} if number % 2 else {"decision": "reject", "comment": "no"}
        browser = browsers[number % LANES]
        return lambda: browser.send("POST", f"/api/v1/tasks/{task}/decide", body, key=fresh_key())

    answers = at_once([press(number) for number in range(MANY)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    late = [answer.get_json() for answer in answers if answer.status_code == 409]
    assert {one["code"] for one in late} == {"task_closed"}
    assert all(one["params"]["decision"] in ("approve", "reject") for one in late)
    after = counts(town, payment)
    assert after["journal"] - before["journal"] == 1
    assert after["audit"] - before["audit"] == 1
    assert after["run"] - before["run"] == 1
    with town.session() as session:
        (run,) = town.stored("run", record_id=payment)
        assert town.services.flows.replay(session, run["id"]).ok


def test_fifty_times_the_same_request_is_one_answer(town: Town) -> None:
    payment = town.at_supervisor("bill_big")
    task, key = town.task_of(payment, "supervisor"), fresh_key()
    browsers = [entered(town.app, "supervisor@home.test") for _ in range(LANES)]
    path, body = f"/api/v1/tasks/{task}/decide", {"decision": "approve"}

    def press(browser: Browser) -> Any:
        return lambda: browser.send("POST", path, body, key=key)

    before = counts(town, payment)
    answers = at_once([press(browsers[number % LANES]) for number in range(MANY)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({str(answer.get_json()) for answer in answers}) == 1
    after = counts(town, payment)
    assert after["journal"] - before["journal"] == 1


def test_two_colleagues_at_once_are_one_decision(town: Town) -> None:
    """Finance 1 and 2 were both asked; whoever comes second is told who was first."""
    payment = town.at_finance("bill_big")
    lines = [{"bill": town.home.ids["bill_big"], "applied": "10.00"}]
    body = {"decision": "approve", "changes": {"lines": lines}}
    tasks = {who: town.task_of(payment, who) for who in ("finance1", "finance2")}

    def press(who: str) -> Any:
        browser = entered(town.app, f"{who}@home.test")
        return lambda: browser.send("POST", f"/api/v1/tasks/{tasks[who]}/decide", body, key=fresh_key())

    answers = at_once([press(who) for who in tasks for _ in range(5)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    (done,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert done["decision"] == "approve"


@pytest.mark.parametrize("who", ["agent"])
def test_fifty_times_the_same_record_is_one(town: Town, who: str) -> None:
    key = fresh_key()
    browsers = [entered(town.app, f"{who}@home.test") for _ in range(LANES)]
    body = {"values": {"text": "only once"}}

    def make(browser: Browser) -> Any:
        return lambda: browser.send("POST", "/api/v1/forms/probe/records", body, key=key)

    answers = at_once([make(browsers[number % LANES]) for number in range(MANY)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert sum(row["title"] == "only once" for row in town.stored("record", form="probe")) == 1


@pytest.mark.parametrize(
    ("path", "first", "other"),
    [
        ("/api/v1/forms/probe/records", {"values": {"text": "a"}}, {"values": {"text": "b"}}),
        ("/api/v1/forms/probe/records", {"values": {"text": "a"}}, {"values": {"text": "a"}, "draft": True}),
    ],
)
def test_a_key_is_for_one_request(town: Town, path: str, first: Any, other: Any) -> None:
    agent, key = town.browser("agent"), fresh_key()
    made = agent.send("POST", path, first, key=key)
    assert made.status_code == 201
    with town.unchanged():
        again = agent.send("POST", path, first, key=key)
        assert (again.status_code, again.get_json()) == (201, made.get_json())
        assert agent.send("POST", path, other, key=key).status_code == 422
        elsewhere = agent.send("POST", "/api/v1/forms/customer/records", first, key=key)
        assert elsewhere.status_code == 422
    theirs = town.browser("admin").send("POST", path, other, key=key)
    assert theirs.status_code == 201, "a key is its person's own"


def test_a_refused_request_leaves_its_key_free(town: Town) -> None:
    agent, key = town.browser("agent"), fresh_key()
    path = "/api/v1/forms/probe/records"
    with town.unchanged():
        assert agent.send("POST", path, {"values": {"figure": "x"}}, key=key).status_code == 422
    assert agent.send("POST", path, {"values": {"figure": "1"}}, key=key).status_code == 201


def test_a_key_that_decided_answers_only_its_own_request(town: Town) -> None:
    payment = town.at_supervisor("bill_big")
    task, key = town.task_of(payment, "supervisor"), fresh_key()
    supervisor = town.browser("supervisor")
    path = f"/api/v1/tasks/{task}/decide"
    first = supervisor.send("POST", path, {"decision": "approve", "comment": "fine"}, key=key)
    assert first.status_code == 200
    with town.unchanged():
        again = supervisor.send("POST", path, {"comment": "fine", "decision": "approve"}, key=key)
        assert again.get_json() == first.get_json()
        for other in ({"decision": "approve"}, {"decision": "reject", "comment": "fine"}):
            assert supervisor.send("POST", path, other, key=key).status_code == 422
        assert supervisor.send("POST", path, {"decision": "approve"}, key=fresh_key()).status_code == 409
