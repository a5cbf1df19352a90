"""What people are told of a step: what each decision leads to, and what counts as sent back."""

import copy

import pytest

from flow_engine.definition import parse_flow
from flow_engine.definition.view import offers, sent_back
from tests.flow_engine.flows import CONFIRMATION

FLOW = parse_flow(CONFIRMATION)


@pytest.mark.parametrize(
    ("step", "approve", "reject"),
    [
        ("customer", "finance", "initiator"),
        ("finance", "supervisor", "customer"),
        ("supervisor", None, "finance"),
    ],
)
def test_a_decision_says_where_it_leads(step: str, approve: str | None, reject: str) -> None:
    leads = {offer.decision: offer.leads_to for offer in offers(FLOW, step, "step")}
    assert leads == {"approve": approve, "reject": reject}


def test_one_of_several_approvals_promises_nothing() -> None:
    raw = copy.deepcopy(CONFIRMATION)
    raw["steps"][1]["mode"] = "all"
    leads = {offer.decision: offer.leads_to for offer in offers(parse_flow(raw), "finance", "step")}
    assert leads["approve"] is None


def test_a_rejection_that_sends_back_is_a_return_and_one_that_ends_is_not() -> None:
    raw = copy.deepcopy(CONFIRMATION)
    del raw["steps"][2]["on_reject"]
    assert sent_back(FLOW, "supervisor", "reject")
    assert not sent_back(parse_flow(raw), "supervisor", "reject")
    assert sent_back(FLOW, "finance", "return")
    assert not sent_back(FLOW, "finance", "approve")
    assert not sent_back(FLOW, "finance", None)
