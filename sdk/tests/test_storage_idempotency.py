import threading

import pytest
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import AlreadyExists
from xianban_sdk.storage import Database
from xianban_sdk.storage.idempotency import RequestKey, claim, complete

KEY = RequestKey("PERSON", "/xianban.parking.v1.ParkingService/CreateReservation", "req-1")


def test_a_repeated_request_gets_the_first_answer(database: Database, clock: ManualClock) -> None:
    with database.begin() as conn:
        assert claim(conn, KEY, b"body", clock.now()) is None
        complete(conn, KEY, b"answer")
    with database.begin() as conn:
        assert claim(conn, KEY, b"body", clock.now()) == b"answer"


def test_another_body_under_the_same_id_is_refused(database: Database, clock: ManualClock) -> None:
    with database.begin() as conn:
        claim(conn, KEY, b"body", clock.now())
        complete(conn, KEY, b"answer")
    with pytest.raises(AlreadyExists) as caught, database.begin() as conn:
        claim(conn, KEY, b"other", clock.now())
    assert caught.value.reason == "REQUEST_ID_REUSED"


def test_a_failed_request_leaves_its_id_free(database: Database, clock: ManualClock) -> None:
    def fail_after_claiming() -> None:
        with database.begin() as conn:
            claim(conn, KEY, b"body", clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_claiming()
    with database.begin() as conn:
        assert claim(conn, KEY, b"body", clock.now()) is None


def test_of_two_at_once_one_does_it_and_both_get_the_answer(
    database: Database, clock: ManualClock
) -> None:
    done: list[int] = []
    answers: list[bytes] = []

    def call(number: int) -> None:
        with database.begin() as conn:
            answer = claim(conn, KEY, b"body", clock.now())
            if answer is None:
                done.append(number)
                answer = b"by %d" % number
                complete(conn, KEY, answer)
            answers.append(answer)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert answers == [b"by %d" % done[0]] * 4
