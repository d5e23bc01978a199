"""Rules of what is known of things: contexts, queries, places, where notifications may go."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_sensing.domain.car_parks import CarPark, Count, counts_of, facts_of, newest
from xianban_sensing.domain.contexts import DEFAULT_VOCAB
from xianban_sensing.domain.documents import read_attributes
from xianban_sensing.domain.endpoints import rules_of
from xianban_sensing.domain.entities import Entity
from xianban_sensing.domain.forms import Form, Look, document, written
from xianban_sensing.domain.leaves import leaves_of
from xianban_sensing.domain.queries import And, Or, Term, holds, read_query
from xianban_sensing.domain.refusals import RefusedError
from xianban_sensing.known_contexts import contexts

NOW = datetime(2026, 11, 29, 7, tzinfo=UTC)
HOME = contexts().default
SHARED = Path(__file__).parents[4] / "shared/data/parking"


def read(**attributes: Any) -> Any:
    return read_attributes(attributes, HOME)


class TestAContext:
    def test_the_core_can_t_be_overridden(self):
        found = contexts().of({"location": "https://example.org/elsewhere"})
        assert found.expand("location") == "https://uri.etsi.org/ngsi-ld/location"

    def test_later_parts_override_earlier_ones_and_prefixes_are_read(self):
        found = contexts().of(
            [{"a": "https://x.example/1"}, {"e": "https://e.example/", "a": "e:2"}]
        )
        assert found.expand("a") == "https://e.example/2"
        assert found.expand("e:b") == "https://e.example/b"
        assert found.compact("https://e.example/2") == "a"

    def test_what_has_no_meaning_is_of_the_default_vocabulary(self):
        assert HOME.expand("nonsense") == f"{DEFAULT_VOCAB}nonsense"
        assert HOME.compact(f"{DEFAULT_VOCAB}nonsense") == "nonsense"

    def test_a_short_name_that_means_something_else_is_not_used(self):
        found = contexts().of({"speed": "https://x.example/speed"})
        other = f"{DEFAULT_VOCAB}speed"
        assert found.compact(other) == other

    @given(st.text(st.characters(codec="utf-8", exclude_characters=": "), min_size=1))
    def test_every_full_name_is_read_back(self, name):
        assert HOME.expand(HOME.compact(HOME.expand(name))) == HOME.expand(name)

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.org/c",
            "",
            "http://[",
            "file:///etc/passwd",
            "https://example.org//uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context",
            "https://smartdatamodels.org/\r\nx: y/context.jsonld",
            'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context>; rel="x"',
        ],
    )
    def test_what_is_not_known_is_refused_and_never_fetched(self, url):
        with pytest.raises(RefusedError, match="CONTEXT_NOT_AVAILABLE"):
            contexts().of(url)


_plain = st.one_of(st.booleans(), st.integers(-5, 5), st.sampled_from(["a", "b", "贤"]))
_values = st.one_of(_plain, st.lists(_plain, max_size=3), st.dictionaries(st.just("k"), _plain))
_attributes = st.dictionaries(st.sampled_from(["p", "r"]), _values, max_size=2)


def _written(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


_term = st.builds(
    lambda name, path, sign, value: f"{name}{path}{sign}{_written(value) if sign else ''}",
    st.sampled_from(["p", "r"]),
    st.sampled_from(["", "[k]"]),
    st.sampled_from(["", "==", "!=", ">", "<", ">=", "<="]),
    _plain,
)
_query = st.recursive(
    _term,
    lambda inner: st.builds(
        lambda parts, sign: f"({sign.join(parts)})",
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from([";", "|"]),
    ),
    max_leaves=6,
)


class TestAQuery:
    def test_and_binds_stronger_than_or(self):
        found = read_query("a;b|c", HOME)
        assert isinstance(found, Or)
        assert isinstance(found.parts[0], And)

    def test_text_in_quotes_is_text_whatever_it_looks_like(self):
        found = read_query('a=="5",6;b=="x\\"y;"', HOME)
        assert isinstance(found, And)
        first, second = found.parts
        assert isinstance(first, Term)
        assert isinstance(second, Term)
        assert (first.values, second.values) == (("5", 6.0), ('x"y;',))

    @given(st.text(max_size=60))
    def test_any_text_is_read_or_refused(self, text):
        with suppress(RefusedError):
            read_query(text, HOME)

    @given(attributes=_attributes, query=_query)
    def test_the_database_finds_what_the_rules_mean(self, found_by_sql, attributes, query):
        try:
            node = read_query(query, HOME)
        except RefusedError:
            return
        entity = Entity("urn:a:1", ("T",), read(**attributes), None, "x", NOW, NOW)
        assert found_by_sql(entity, node) == holds(node, leaves_of(entity.attributes))


@pytest.fixture(scope="module")
def found_by_sql(tmp_path_factory):
    """Whether a repository on SQLite finds an entity by a query."""
    from sqlalchemy import create_engine
    from xianban_sensing.domain.selections import Selection
    from xianban_sensing.repository import MACHINE, metadata
    from xianban_sensing.repository.entities import Entities

    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('q') / 'q.db'}")
    metadata.create_all(engine)

    def found(entity, node):
        with engine.connect() as conn:
            entities = Entities(conn, MACHINE)
            entities.add(entity)
            listed, _ = entities.listed(Selection(query=node), 10, 0)
            conn.rollback()
        return bool(listed)

    yield found
    engine.dispose()


class TestForms:
    @given(_attributes)
    def test_what_is_written_in_any_whole_form_is_read_back_the_same(self, attributes):
        first = read(**attributes)
        for form in (Form.NORMALIZED, Form.CONCISE):
            again = read(**written(first, HOME, Look(form)))
            assert again == first

    def test_a_value_that_looks_like_an_attribute_stays_a_value(self):
        given_ = {"type": "Property", "value": {"type": "Property", "value": 1}}
        first = read(a=given_)
        assert read(**written(first, HOME, Look(Form.CONCISE))) == first


class TestWhereNotificationsMayGo:
    RULES = rules_of(["hooks.example.org", "10.20.0.0/16", "127.0.0.1:9000", "[fd00::1]:443"])

    @pytest.mark.parametrize(
        "uri",
        [
            "https://hooks.example.org/x",
            "http://hooks.example.org:8080/",
            "https://HOOKS.example.org./",
            "http://10.20.3.4/",
            "http://127.0.0.1:9000/",
            "https://[fd00::1]/",
        ],
    )
    def test_there(self, uri):
        assert self.RULES.names(uri)

    @pytest.mark.parametrize(
        "uri",
        [
            "http://127.0.0.1:9001/",
            "http://127.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://10.21.0.1/",
            "http://2130706433/",
            "http://hooks.example.org@127.0.0.1/",
            "https://nothooks.example.org/",
            "https://8.8.8.8/",
        ],
    )
    def test_and_nowhere_else(self, uri):
        assert not self.RULES.names(uri)

    def test_a_name_does_not_open_a_way_inside(self):
        assert self.RULES.reaches("8.8.8.8", 443)
        assert self.RULES.reaches("10.20.0.9", 443)
        for inside in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "100.64.0.1", "0.0.0.0"):
            assert not self.RULES.reaches(inside, 443)

    @pytest.mark.parametrize("text", ["a b", "10.0.0.1/8", "http://x", "x/y"])
    def test_a_rule_that_can_t_be_read_stops_the_start(self, text):
        with pytest.raises(ValueError, match="neither"):
            rules_of([text])


class TestACarPark:
    PARK = CarPark(
        "lots/a",
        "南桥",
        "解放路 1 号",
        121.47,
        30.92,
        100,
        "公司",
        "24/7",
        210,
        True,
        True,
        True,
        True,
    )

    def shown(self, count: Count) -> Any:
        attributes = {**facts_of(self.PARK), **counts_of(count)}
        entity = Entity(
            "urn:ngsi-ld:OffStreetParking:a",
            ("https://smartdatamodels.org/dataModel.Parking/OffStreetParking",),
            attributes,
            None,
            "xianban",
            NOW,
            NOW,
        )
        return document(entity, HOME, Look(Form.SIMPLIFIED))

    @pytest.mark.parametrize("verdict", ["stale", "implausible", "silent"])
    def test_has_no_number_that_can_t_be_trusted(self, verdict):
        shown = self.shown(Count(5, 100, verdict, NOW))
        assert shown["occupancyVerdict"] == verdict
        assert not shown.keys() & {"availableSpotNumber", "occupiedSpotNumber", "occupancy"}

    def test_an_older_count_changes_nothing(self):
        told = counts_of(Count(5, 100, "fresh", NOW))
        earlier = NOW.replace(hour=6)
        assert newest(Count(4, 100, "fresh", earlier), told) == told
        later = Count(5, 100, "late", NOW)
        assert newest(later, told) == counts_of(later)

    def test_is_what_the_smart_data_model_says(self):
        file = SHARED / "ngsi-ld-offstreetparking.schema.json"
        if not file.exists():
            pytest.skip(f"NO SCHEMA CHECK of car parks: {file} is not here")
        schema = json.loads(file.read_text("utf-8"))
        common = json.loads((SHARED / "ngsi-ld-common.schema.json").read_text("utf-8"))
        registry = jsonschema_rs.Registry([(common["$id"], common)])
        validator = jsonschema_rs.validator_for(schema, registry=registry)
        for count in (Count(5, 100, "fresh", NOW), Count(None, 100, "silent", None)):
            validator.validate(self.shown(count))
        examples = SHARED / "ngsi-ld-offstreetparking-examples"
        for name in ("example.json", "example.jsonld"):
            validator.validate(json.loads((examples / name).read_text("utf-8")))
