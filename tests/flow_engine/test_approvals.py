"""Who decides, and how they decide together: each by its trade name, saved and restored between all events."""

import pytest
from formloom.errors import Conflict, IllegalTransition, InvalidInput

from tests.flow_engine.flows import approve
from tests.flow_engine.voices import A, B, C, D, E, asked, decide, reseat, run_of, settled, status, tasks

# -- together ---------------------------------------------------------------------------------------------------------


def test_one_after_another() -> None:
    """依次: the next is asked when the one before has agreed."""
    run = run_of(approve("check", "team", mode="sequence"))
    for who in (A, B, C):
        assert asked(run) == (who,)
        settled(run)
        decide(run, who)
    assert status(run) == "approved"


def test_a_rejection_ends_a_sequence() -> None:
    run = run_of(approve("check", "team", mode="sequence"))
    decide(run, A)
    decide(run, B, "reject")
    assert status(run) == "rejected"
    settled(run)


def test_a_share_of_the_voices() -> None:
    """票签: enough agree, or enough do not that it can no longer be."""
    run = run_of(approve("check", "team", mode={"share": "0.6"}))
    decide(run, A, "reject")
    assert status(run) == "running"
    decide(run, B)
    decide(run, C)
    assert status(run) == "approved"
    lost = run_of(approve("check", "team", mode={"share": "0.6"}))
    decide(lost, A, "reject")
    decide(lost, B, "reject")
    assert status(lost) == "rejected"


def test_voices_with_weight() -> None:
    by = [{"role": "team"}, {"role": "boss"}]
    step = {"key": "check", "type": "approve", "by": by, "weights": [1, 3], "mode": {"share": "0.5"}}
    run = run_of(step)
    decide(run, A)
    assert status(run) == "running"
    decide(run, E)
    assert status(run) == "approved"
    lost = run_of(step)
    decide(lost, E, "reject")
    assert status(lost) == "running", "three of six are still enough"
    decide(lost, C, "reject")
    assert status(lost) == "rejected"


# -- instead and as well ----------------------------------------------------------------------------------------------


def test_a_transfer_goes_for_good() -> None:
    """转交."""
    run = run_of(approve("check", "team", mode="all"))
    reseat(run, A, "transfer", D)
    assert asked(run) == (D, B, C)
    settled(run)
    with pytest.raises(IllegalTransition, match="not_asked"):
        decide(run, A)
    for who in (B, D, C):
        decide(run, who)
    assert status(run) == "approved"


def test_nobody_is_asked_twice_by_a_transfer() -> None:
    run = run_of(approve("check", "team", mode="all"))
    with pytest.raises(Conflict, match="already_asked"):
        reseat(run, A, "transfer", B)
    reseat(run, A, "transfer", D)
    with pytest.raises(IllegalTransition, match="not_asked"):
        reseat(run, A, "transfer", E)
    assert asked(run) == (D, B, C)


def test_a_delegate_advises_and_it_comes_back() -> None:
    """委派."""
    run = run_of(approve("check", "team"), asked=[A])
    reseat(run, A, "delegate", D)
    assert asked(run) == (D,)
    assert list(tasks(run).values()) == ["advice"]
    for decision in ("approve", "reject"):
        with pytest.raises(IllegalTransition, match="decision_not_offered"):
            decide(run, D, decision)
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        reseat(run, D, "delegate", E)
    decide(run, D, "advise", comment="Looks right to me.")
    assert asked(run) == (A,)
    settled(run)
    decide(run, A)
    assert status(run) == "approved"


def test_a_signer_before() -> None:
    """前加签: one's own turn comes when they have agreed."""
    run = run_of(approve("check", "team"), asked=[A])
    reseat(run, A, "add_before", D, E)
    assert asked(run) == (D, E)
    settled(run)
    decide(run, D)
    assert status(run) == "running", "any one of the team, and of the others all"
    decide(run, E)
    assert asked(run) == (A,)
    decide(run, A)
    assert status(run) == "approved"


def test_a_signer_beside() -> None:
    """并加签."""
    run = run_of(approve("check", "team", mode="all"), asked=[A])
    reseat(run, A, "add_beside", D)
    assert asked(run) == (A, D)
    decide(run, A)
    assert status(run) == "running"
    decide(run, D)
    assert status(run) == "approved"


def test_a_signer_after_is_needed_whatever_the_mode() -> None:
    """后加签."""
    for mode in ("any", "all", "sequence", {"share": "0.5"}):
        run = run_of(approve("check", "team", mode=mode), asked=[A])
        reseat(run, A, "add_after", D)
        assert asked(run) == (A,), mode
        decide(run, A)
        assert (status(run), asked(run)) == ("running", (D,)), mode
        settled(run)
        decide(run, D)
        assert status(run) == "approved", mode


def test_only_whoever_added_them_takes_them_off() -> None:
    """减签."""
    run = run_of(approve("check", "team", mode="all"), asked=[A, B])
    reseat(run, A, "add_beside", D, E)
    with pytest.raises(Conflict, match="not_added_by_you"):
        reseat(run, B, "take_off", D)
    with pytest.raises(Conflict, match="not_added_by_you"):
        reseat(run, A, "take_off", B)
    reseat(run, A, "take_off", D)
    assert asked(run) == (A, B, E)
    settled(run)
    decide(run, E)
    with pytest.raises(Conflict, match="not_added_by_you"):
        reseat(run, A, "take_off", E)
    decide(run, A)
    decide(run, B)
    assert status(run) == "approved"


def test_taking_off_the_last_who_was_missing_decides() -> None:
    run = run_of(approve("check", "team", mode={"share": "0.5"}), asked=[A, B])
    reseat(run, A, "add_beside", C, D, E)
    decide(run, B)
    assert status(run) == "running"
    reseat(run, A, "take_off", C, D, E)
    assert status(run) == "approved"


def test_a_step_may_forbid_it_and_people_are_counted() -> None:
    run = run_of(approve("check", "team", may=["transfer"]))
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        reseat(run, A, "add_beside", D)
    for people in ((), (D, E), (D, D)):
        with pytest.raises(InvalidInput) as refused:
            reseat(run, A, "transfer", *people)
        assert refused.value.issues[0].code == "wrong_number"


def test_a_transfer_does_not_get_around_separate_duties() -> None:
    run = run_of(approve("first", "team"), approve("check", "boss"), separate=["first", "check"])
    decide(run, A, step="first")
    with pytest.raises(Conflict, match="took_part"):
        reseat(run, E, "transfer", A)
