"""The call chain on unary calls, through a real channel."""

import grpc
import pytest
from grpc_status import rpc_status
from sqlalchemy import text
from xianban_sdk.demo import person_id
from xianban_sdk.errors import from_rpc_error

ME = f"residents/{person_id('resident')}"
DAUGHTER = f"residents/{person_id('daughter')}"
ELDER = f"residents/{person_id('elder')}"


def refusal(call, *arguments, **options):
    """(code, reason) of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **options)
    error = from_rpc_error(caught.value)
    return caught.value.code().name, error.reason


def test_a_person_reads_their_own_note(echo, pb):
    note = echo.stub(pb.EchoStub, "resident").GetNote(pb.NoteQuery(parent=ME, text="hi"))
    assert (note.text, note.actor, note.basis) == ("hi", person_id("resident"), "self")


def test_anonymous_callers_are_unauthenticated_unless_the_rpc_is_open(echo, pb):
    stub = echo.stub(pb.EchoStub)
    assert stub.Ping(pb.Text(text="hi")).text == "hi"
    query = pb.NoteQuery(parent=ME)
    assert refusal(stub.GetNote, query) == ("UNAUTHENTICATED", "TOKEN_MISSING")


def test_a_stranger_hears_what_they_would_hear_of_an_absent_resident(echo, pb):
    stub = echo.stub(pb.EchoStub, "vendor")
    absent = pb.NoteQuery(parent="residents/" + "0" * 26)
    expected = ("NOT_FOUND", "RESIDENT_NOT_FOUND")
    assert refusal(stub.GetNote, pb.NoteQuery(parent=ME)) == expected
    assert refusal(stub.GetNote, absent) == expected


def test_a_daughter_acts_until_the_relation_is_revoked_and_is_then_a_stranger(echo, pb, relations):
    stub, query = echo.stub(pb.EchoStub, "daughter"), pb.NoteQuery(parent=ELDER)
    relations.grant("daughter", "elder", scopes=["echo"])
    assert stub.GetNote(query).basis == "family"
    relations.revoke("daughter", "elder")
    assert refusal(stub.GetNote, query) == ("NOT_FOUND", "RESIDENT_NOT_FOUND")


def test_a_relation_without_the_scope_is_no_relation(echo, pb, relations):
    relations.grant("daughter", "elder", scopes=["health"])
    call = echo.stub(pb.EchoStub, "daughter").GetNote
    assert refusal(call, pb.NoteQuery(parent=ELDER))[0] == "NOT_FOUND"


def test_nobody_acts_where_the_rule_names_no_scope(echo, pb, relations):
    relations.grant("daughter", "elder", kind="guardian")
    call = echo.stub(pb.EchoStub, "daughter").GetOwnNote
    assert refusal(call, pb.NoteQuery(parent=ELDER))[0] == "NOT_FOUND"


def test_staff_need_the_role_and_get_its_areas(echo, pb, relations):
    call = echo.stub(pb.EchoStub, "operator").ListDistrict
    assert refusal(call, pb.Empty()) == ("PERMISSION_DENIED", "ROLE_MISSING")
    relations.member("operator", "echo-reader", areas=["310120/nanqiao"])
    assert call(pb.Empty()).text == "310120/nanqiao"
    note = echo.stub(pb.EchoStub, "operator").GetNote(pb.NoteQuery(parent=ME))
    assert note.basis == "role:echo-reader"
    relations.dismiss("operator", "echo-reader")
    assert refusal(call, pb.Empty()) == ("PERMISSION_DENIED", "ROLE_MISSING")


def test_a_purpose_needs_a_live_consent_also_for_oneself(echo, pb, relations):
    call, query = echo.stub(pb.EchoStub, "resident").GetPlace, pb.NoteQuery(parent=ME)
    assert refusal(call, query) == ("PERMISSION_DENIED", "CONSENT_REQUIRED")
    relations.consent("resident", "echo.location")
    assert call(query).basis == "self"
    relations.withdraw("resident", "echo.location")
    assert refusal(call, query) == ("PERMISSION_DENIED", "CONSENT_REQUIRED")


def test_step_up_is_asked_for_by_the_rpc(echo, pb):
    query = pb.NoteQuery(parent=ME)
    weak = echo.stub(pb.EchoStub, "resident").CloseAccount
    assert refusal(weak, query) == ("UNAUTHENTICATED", "STEP_UP_REQUIRED")
    strong = echo.stub(pb.EchoStub, "resident", acr="urn:xianban:acr:2").CloseAccount
    assert strong(query) == pb.Empty()


def test_internal_rpcs_are_for_workloads_alone(echo, pb):
    person = echo.stub(pb.EchoStub, "admin").Sweep
    assert refusal(person, pb.Empty()) == ("PERMISSION_DENIED", "WORKLOAD_ONLY")
    portal = echo.stub(pb.EchoStub, "", workload="portal").Sweep
    assert portal(pb.Empty()).text == "workload:portal"
    other = echo.stub(pb.EchoStub, "", workload="notify").Sweep
    assert refusal(other, pb.Empty()) == ("PERMISSION_DENIED", "POLICY_DENIED")


def test_a_workload_is_no_person(echo, pb):
    call = echo.stub(pb.EchoStub, "", workload="portal").GetNote
    assert refusal(call, pb.NoteQuery(parent=ME)) == ("UNAUTHENTICATED", "TOKEN_MISSING")


def test_a_person_token_is_no_workload_token_nor_the_other_way_round(echo, pb):
    person, workload = echo.token("resident"), echo.issuer.workload("portal", "echo")
    swapped = [("x-xianban-workload", person)]
    call = echo.stub(pb.EchoStub, "").Sweep
    assert refusal(call, pb.Empty(), metadata=swapped)[0] == "UNAUTHENTICATED"
    swapped = [("authorization", f"Bearer {workload}")]
    call = echo.stub(pb.EchoStub, "").GetNote
    assert refusal(call, pb.NoteQuery(parent=ME), metadata=swapped)[0] == "UNAUTHENTICATED"


def test_what_no_policy_permits_is_denied(echo, pb):
    call = echo.stub(pb.EchoStub, "resident").Unpolicied
    assert refusal(call, pb.NoteQuery(parent=ME)) == ("PERMISSION_DENIED", "POLICY_DENIED")


def test_bytes_that_are_no_message_are_the_callers_fault(echo, pb):
    with echo.channel() as channel:
        call = channel.unary_unary(f"/{pb.NAME}/Ping")
        for garbage in (b"\xff\xff\xff", b"\x0a\x05ab", b"\x0a\x01\xff"):
            assert refusal(call, garbage) == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


def test_field_rules_name_every_bad_field_in_the_callers_language(echo, pb):
    request = pb.NoteRequest(parent=ME, text="x" * 21, request_id="r1", tags=[pb.Tag()])
    with pytest.raises(grpc.RpcError) as caught:
        echo.stub(pb.EchoStub, "resident", locale="zh-CN").WriteNote(request)
    error = from_rpc_error(caught.value)
    assert error.reason == "REQUEST_INVALID"
    assert error.message == "请求中有填写不正确的内容。"
    said = {violation.field: violation.description for violation in error.violations}
    assert said == {"text": "太长", "tags[0].word": "太短"}


def test_a_subject_that_is_no_resource_name_is_an_invalid_argument(echo, pb):
    call = echo.stub(pb.EchoStub, "resident").GetNote
    for parent in ("", "residents/", "people/1", "residents/" + "x" * 65, "residents/a\0b"):
        query = pb.NoteQuery(parent=parent)
        assert refusal(call, query) == ("INVALID_ARGUMENT", "RESOURCE_PATH_INVALID")


def test_domain_errors_carry_reason_field_and_text(echo, pb):
    request = pb.NoteRequest(parent=ME, text="forbidden", request_id="r1")
    with pytest.raises(grpc.RpcError) as caught:
        echo.stub(pb.EchoStub, "resident").WriteNote(request)
    status = rpc_status.from_call(caught.value)
    assert status.message == "The note forbidden is forbidden."
    names = [detail.type_url.rsplit(".", 1)[1] for detail in status.details]
    assert names == ["ErrorInfo", "LocalizedMessage", "BadRequest"]
    with echo.db.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM note")).scalar() == 0


def test_unknown_exceptions_say_nothing_of_themselves(echo, pb):
    request = pb.NoteRequest(parent=ME, text="crash", request_id="r1")
    with pytest.raises(grpc.RpcError) as caught:
        echo.stub(pb.EchoStub, "resident").WriteNote(request)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(caught.value) + str(caught.value.trailing_metadata())


def test_the_same_request_id_and_body_get_the_first_answer(echo, pb):
    stub = echo.stub(pb.EchoStub, "resident")
    request = pb.NoteRequest(parent=ME, text="once", request_id="r-123456")
    first = stub.WriteNote(request)
    assert stub.WriteNote(request) == first
    other = pb.NoteRequest(parent=ME, text="twice", request_id="r-123456")
    assert refusal(stub.WriteNote, other) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    with echo.db.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM note")).scalar() == 1
        assert conn.execute(text("SELECT count(*) FROM outbox")).scalar() == 1


def test_a_request_id_belongs_to_one_person(echo, pb, relations):
    relations.grant("daughter", "resident", scopes=["echo"])
    request = pb.NoteRequest(parent=ME, text="once", request_id="r-123456")
    mine = echo.stub(pb.EchoStub, "resident").WriteNote(request)
    hers = echo.stub(pb.EchoStub, "daughter").WriteNote(request)
    assert mine.name != hers.name


def test_a_mutation_needs_a_request_id(echo, pb):
    call = echo.stub(pb.EchoStub, "resident").WriteNote
    request = pb.NoteRequest(parent=ME, text="x")
    assert refusal(call, request) == ("INVALID_ARGUMENT", "REQUEST_ID_MISSING")


def test_reads_changes_and_refusals_are_audited_with_actor_subject_and_basis(echo, pb, relations):
    relations.grant("daughter", "resident", scopes=["echo"])
    echo.stub(pb.EchoStub, "daughter").GetNote(pb.NoteQuery(parent=ME))
    request = pb.NoteRequest(parent=ME, text="x", request_id="r-123456")
    echo.stub(pb.EchoStub, "resident").WriteNote(request)
    refusal(echo.stub(pb.EchoStub, "vendor").GetNote, pb.NoteQuery(parent=ME))
    echo.service.chain.accesses.flush()
    with echo.db.read() as conn:
        rows = conn.execute(text("SELECT action, actor, basis, outcome FROM audit ORDER BY seq"))
        found = [tuple(row) for row in rows]
    assert found == [
        ("GetNote", person_id("daughter"), "family", "allowed"),
        ("WriteNote", person_id("resident"), "self", "allowed"),
        ("GetNote", person_id("vendor"), "", "RESIDENT_NOT_FOUND"),
    ]


def test_a_call_past_its_deadline_is_not_served(echo, pb):
    stub = echo.stub(pb.EchoStub)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Ping(pb.Text(text="slow"), timeout=0.1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_call_without_deadline_gets_the_default_one(echo, pb):
    with echo.channel() as channel:
        call = channel.unary_unary(f"/{pb.NAME}/Ping")
        remaining = pb.Text.FromString(call(pb.Text(text="remaining").SerializeToString())).text
    assert 0 < float(remaining) <= echo.settings.deadline


def test_safety_rpcs_have_their_own_server(echo, pb):
    query = pb.NoteQuery(parent=ME)
    assert echo.stub(pb.EchoStub, "resident").Alarm(query).text == "alarm"
    with echo.channel() as channel:
        call = channel.unary_unary(f"/{pb.NAME}/Alarm")
        with pytest.raises(grpc.RpcError) as caught:
            call(query.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
