"""The same chain on every stream kind, and how open streams end."""

import threading
import time
from datetime import timedelta

import grpc
import pytest
from xianban_sdk.demo import person_id
from xianban_sdk.errors import from_rpc_error
from xianban_sdk.rpc import Failed, Incoming

ME = f"residents/{person_id('resident')}"
ELDER = f"residents/{person_id('elder')}"


def note(pb, text="hi", parent=ME):
    return pb.NoteRequest(parent=parent, text=text, request_id="r-1234567")


def refused(responses):
    """(code, reason) with which a call or its iteration ends."""
    with pytest.raises(grpc.RpcError) as caught:
        list(responses() if callable(responses) else responses)
    return caught.value.code().name, from_rpc_error(caught.value).reason


def every_kind(stub, pb, parent=ME, text="hi"):
    """One call of each kind, each as a function that runs it to its end."""
    query, request = pb.NoteQuery(parent=parent, text=text), note(pb, text, parent)
    return {
        "unary": lambda: [stub.GetNote(query)],
        "server stream": lambda: list(stub.Watch(query)),
        "client stream": lambda: [stub.Upload(iter([request]))],
        "bidi stream": lambda: list(stub.Chat(iter([request]))),
    }


def test_every_kind_serves_a_person_their_own_data(echo, pb):
    calls = every_kind(echo.stub(pb.EchoStub, "resident"), pb)
    assert {kind: call()[0].basis for kind, call in calls.items()} == dict.fromkeys(calls, "self")


def test_every_kind_refuses_callers_without_a_token(echo, pb):
    for call in every_kind(echo.stub(pb.EchoStub, ""), pb).values():
        assert refused(call) == ("UNAUTHENTICATED", "TOKEN_MISSING")


def test_every_kind_refuses_strangers_as_if_nobody_were_there(echo, pb):
    for call in every_kind(echo.stub(pb.EchoStub, "vendor"), pb).values():
        assert refused(call) == ("NOT_FOUND", "RESIDENT_NOT_FOUND")


def test_every_kind_refuses_broken_field_rules(echo, pb):
    calls = every_kind(echo.stub(pb.EchoStub, "resident"), pb, text="x" * 21)
    for kind in ("client stream", "bidi stream"):
        assert refused(calls[kind]) == ("INVALID_ARGUMENT", "REQUEST_INVALID")


def test_every_kind_refuses_bytes_that_are_no_message(echo, pb):
    with echo.channel() as unary, echo.channel("streams") as streams:
        garbage = b"\xff\xff"
        calls = [
            lambda: [unary.unary_unary(f"/{pb.NAME}/GetNote")(garbage)],
            lambda: unary.stream_unary(f"/{pb.NAME}/Upload")(iter([garbage])) and [],
            lambda: list(streams.unary_stream(f"/{pb.NAME}/Watch")(garbage)),
            lambda: list(streams.stream_stream(f"/{pb.NAME}/Chat")(iter([garbage]))),
        ]
        for call in calls:
            assert refused(call) == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


def test_garbage_in_the_middle_of_a_stream_ends_it(echo, pb):
    good = note(pb).SerializeToString()
    pairs = [("authorization", f"Bearer {echo.token('resident')}")]
    with echo.channel("streams") as channel:
        call = channel.stream_stream(f"/{pb.NAME}/Chat")
        responses = call(iter([good, b"\xff\xff"]), metadata=pairs)
        assert pb.Note.FromString(next(responses)).text == "hi"
        assert refused(responses) == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


def test_a_client_stream_cannot_change_whose_data_it_is(echo, pb):
    requests = iter([note(pb), note(pb, parent=ELDER)])
    call = echo.stub(pb.EchoStub, "resident").Upload
    assert refused(lambda: [call(requests)]) == ("INVALID_ARGUMENT", "RESOURCE_PATH_INVALID")


def test_an_empty_client_stream_is_an_invalid_argument(echo, pb):
    call = echo.stub(pb.EchoStub, "resident").Upload
    assert refused(lambda: [call(iter([]))]) == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


def test_a_stream_that_crashes_says_nothing_of_why(echo, pb):
    query = pb.NoteQuery(parent=ME, text="crash")
    responses = echo.stub(pb.EchoStub, "resident").Watch(query)
    assert next(responses).text == "first"
    with pytest.raises(grpc.RpcError) as caught:
        next(responses)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(caught.value)


def test_an_admitted_stream_shows_its_headers_before_its_first_message(echo, pb):
    responses = echo.stub(pb.EchoStub, "resident").Watch(pb.NoteQuery(parent=ME, text="quiet"))
    headers: list[object] = []
    waiting = threading.Thread(target=lambda: headers.append(responses.initial_metadata()))
    waiting.start()
    waiting.join(5)
    shown = list(headers)
    responses.cancel()
    waiting.join(5)
    assert shown, "nothing came before the first message"


def test_a_refused_stream_never_showed_headers(echo, pb):
    told: list[str] = []
    cases = {"resident": "forbidden", "vendor": "quiet"}
    for person, text in cases.items():
        pairs = {"authorization": f"Bearer {echo.token(person)}"}
        incoming = Incoming(pairs, on_admitted=lambda: told.append("let in"))
        query = pb.NoteQuery(parent=ME, text=text)
        with pytest.raises(Failed):
            next(echo.service.chain.server_stream(f"/{pb.NAME}/Watch", query, incoming))
    assert told == []


def test_an_open_stream_ends_as_for_a_stranger_when_its_relation_is_revoked(echo, pb, relations):
    relations.grant("daughter", "elder", scopes=["echo"])
    query = pb.NoteQuery(parent=ELDER, text="forever")
    responses = echo.stub(pb.EchoStub, "daughter").Watch(query)
    assert next(responses).basis == "family"
    relations.revoke("daughter", "elder")
    started = time.monotonic()
    assert refused(responses) == ("NOT_FOUND", "RESIDENT_NOT_FOUND")
    assert time.monotonic() - started < 2


def test_a_handler_that_never_looks_is_torn_down_within_the_bound(echo, pb, relations):
    relations.grant("daughter", "elder", scopes=["echo"])
    query = pb.NoteQuery(parent=ELDER, text="deaf")
    responses = echo.stub(pb.EchoStub, "daughter").Watch(query)
    next(responses)
    relations.revoke("daughter", "elder")
    started = time.monotonic()
    with pytest.raises(grpc.RpcError):
        next(responses)
    assert time.monotonic() - started < 3


def test_an_open_stream_ends_with_its_token(echo, pb, clock):
    query = pb.NoteQuery(parent=ME, text="forever")
    responses = echo.stub(pb.EchoStub, "resident").Watch(query)
    next(responses)
    clock.advance(timedelta(seconds=301))
    assert refused(responses) == ("UNAUTHENTICATED", "TOKEN_EXPIRED")


def test_delegated_streams_end_when_nobody_can_say_whether_the_relation_holds(
    echo, pb, relations, clock
):
    relations.grant("daughter", "elder", scopes=["echo"])
    hers = echo.stub(pb.EchoStub, "daughter").Watch(pb.NoteQuery(parent=ELDER, text="forever"))
    mine = echo.stub(pb.EchoStub, "elder").Watch(pb.NoteQuery(parent=ELDER, text="forever"))
    next(hers), next(mine)
    relations.reachable = False
    clock.advance(timedelta(seconds=3))
    assert refused(hers) == ("UNAVAILABLE", "RELATIONS_STALE")
    assert next(mine).text == "again"
    mine.cancel()


def test_a_caller_that_goes_away_frees_its_stream(echo, pb):
    query = pb.NoteQuery(parent=ME, text="forever")
    responses = echo.stub(pb.EchoStub, "resident").Watch(query)
    next(responses)
    assert len(echo.service.chain.streams) == 1
    responses.cancel()
    end = time.monotonic() + 3
    while len(echo.service.chain.streams) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(echo.service.chain.streams) == 0


def test_streams_are_capped_and_never_starve_unary_calls(echo, pb):
    stub = echo.stub(pb.EchoStub, "resident")
    query = pb.NoteQuery(parent=ME, text="forever")
    watches = [stub.Watch(query) for _ in range(echo.settings.streams)]
    for watch in watches:
        next(watch)
    assert refused(stub.Watch(query))[0] == "RESOURCE_EXHAUSTED"
    assert stub.GetNote(pb.NoteQuery(parent=ME)).basis == "self"
    for watch in watches:
        watch.cancel()


def test_a_drained_service_tells_its_streams_to_come_back(echo, pb):
    responses = echo.stub(pb.EchoStub, "resident").Watch(pb.NoteQuery(parent=ME, text="forever"))
    next(responses)
    threading.Thread(target=echo.service.stop_taking_calls).start()
    assert refused(responses) == ("UNAVAILABLE", "SHUTTING_DOWN")


def test_what_is_told_to_stop_while_it_starts_does_neither_fail_nor_watch(echo):
    def watching():
        return {one.ident for one in threading.enumerate() if one.name == "open-streams"}

    streams = echo.service.chain.streams
    streams.stop()
    before = watching()
    streams.start()
    streams.stop()
    assert watching() <= before
