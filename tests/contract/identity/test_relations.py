import threading

from xianban.common.v1 import relations_pb2
from xianban.identity.v1 import identity_pb2 as pb


def everything(identity, after=0, size=3):
    """All pages of the log."""
    records = []
    for _ in range(1000):
        page = identity.relations("parking").ListRelations(
            relations_pb2.ListRelationsRequest(after_sequence=after, page_size=size)
        )
        records += page.records
        if page.complete:
            return records, page.sequence
        after = page.records[-1].sequence
    raise AssertionError("the log does not end")


class TestListRelations:
    def test_only_workloads_read_the_log(self, identity, refused):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.relations(None).ListRelations(relations_pb2.ListRelationsRequest())

    def test_pages_are_ascending_and_complete(self, identity):
        records, last = everything(identity)
        numbers = [record.sequence for record in records]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == last

    def test_a_change_takes_the_next_number_under_any_race(self, identity, request_id):
        _, before = everything(identity, size=1000)
        people = ["resident", "operator", "auditor", "vendor", "teacher", "doctor"]

        def decide(alias):
            identity.as_(alias).RecordConsent(
                pb.RecordConsentRequest(
                    parent=identity.name(alias),
                    purpose="health.read",
                    revision=1,
                    decision=1,
                    request_id=request_id(),
                )
            )

        threads = [threading.Thread(target=decide, args=(alias,)) for alias in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        records, last = everything(identity, after=before, size=1000)
        assert [r.sequence for r in records] == list(range(before + 1, before + 7))
        assert last == before + 6


class TestResolveRelations:
    def test_only_workloads_ask(self, identity, refused):
        request = relations_pb2.ResolveRelationsRequest(actor="a", subject="b")
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            identity.relations(None).ResolveRelations(request)

    def test_it_answers_for_one_pair_only(self, identity):
        person = identity.service.person
        answer = identity.relations("parking").ResolveRelations(
            relations_pb2.ResolveRelationsRequest(actor=person("daughter"), subject=person("elder"))
        )
        kinds = {record.WhichOneof("record") for record in answer.records}
        assert kinds == {"relation", "consent", "person"}
        assert all(
            r.relation.actor == person("daughter") for r in answer.records if r.HasField("relation")
        )
