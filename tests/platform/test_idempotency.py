"""The same request twice."""

import threading

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidInput
from formloom.idempotency import Answer, fingerprint, first_answer, keep

PRINT = fingerprint("POST", "/api/v1/tasks/7/decide", b'{"decision":"approve"}')


def test_the_first_answer_again(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        assert first_answer(session, "person:1", "k1", PRINT) is None
        keep(session, "person:1", "k1", PRINT, Answer(201, {"id": 5}))
    with unit_of_work(databases, workspace) as session:
        assert first_answer(session, "person:1", "k1", PRINT) == Answer(201, {"id": 5})
        assert first_answer(session, "person:2", "k1", PRINT) is None, "keys are each person's own"
        with pytest.raises(InvalidInput, match="idempotency_key_reused"):
            first_answer(session, "person:1", "k1", fingerprint("POST", "/elsewhere", b"{}"))


def test_what_failed_is_not_kept(databases: Databases, workspace: int) -> None:
    def fail() -> None:
        with unit_of_work(databases, workspace) as session:
            keep(session, "person:1", "k1", PRINT, Answer(201, {}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with unit_of_work(databases, workspace) as session:
        assert first_answer(session, "person:1", "k1", PRINT) is None


@pytest.mark.parametrize("key", ["", "x" * 201, "line\nend"])
def test_what_is_no_key(databases: Databases, workspace: int, key: str) -> None:
    with unit_of_work(databases, workspace) as session, pytest.raises(InvalidInput, match="malformed"):
        first_answer(session, "person:1", key, PRINT)


def test_parts_do_not_run_into_one_another() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_at_the_same_moment_one_acts_and_all_get_its_answer(databases: Databases, workspace: int) -> None:
    acted: list[int] = []
    answers: list[Answer] = []
    start = threading.Barrier(8)

    def request(number: int) -> None:
        start.wait()
        with unit_of_work(databases, workspace) as session:
            answer = first_answer(session, "person:1", "k", PRINT)
            if answer is None:
                acted.append(number)
                answer = Answer(200, {"by": number})
                keep(session, "person:1", "k", PRINT, answer)
        answers.append(answer)

    threads = [threading.Thread(target=request, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(acted) == 1
    assert answers == [Answer(200, {"by": acted[0]})] * 8
