"""A manifest says everything or is refused, and the refusal names the key in both languages."""

import tomllib
from pathlib import Path

import pytest
from xianban_sdk.plugins import Limits, ManifestRefused, PluginRefused
from xianban_sdk.plugins.complaints import complaints
from xianban_sdk.plugins.manifest import parse_manifest

WHOLE = """
id = "parking-volunteers"
version = "1.2.0"
vendor = "A company"
api = ">=1.1,<2"
hooks = ["tariff_concessions"]
hosts = ["api.example.com:443", "config:XIANBAN_VOLUNTEERS_URL"]
licence = "Apache-2.0"
contact = "plugins@example.com"

[purposes]
"parking.concession" = { zh-CN = "停车优惠", en = "Parking concessions" }

[limits]
memory_mb = 64

[config]
type = "object"
additionalProperties = false
[config.properties]
XIANBAN_VOLUNTEERS_URL = { type = "string", format = "uri" }
"""


def changed(old: str, new: str) -> bytes:
    assert old in WHOLE
    return WHOLE.replace(old, new).encode()


def test_a_whole_manifest_is_read():
    manifest = parse_manifest(WHOLE.encode(), "here")
    assert manifest.id == "parking-volunteers"
    assert manifest.hooks == {"tariff_concessions"}
    assert manifest.purposes["parking.concession"]["en"] == "Parking concessions"
    assert manifest.limits == Limits(memory_mb=64)
    assert manifest.since == "1.1"
    assert manifest.accepts("1.4")
    assert not manifest.accepts("2")


def test_limits_and_purposes_may_be_left_out():
    bare = WHOLE[: WHOLE.index("[purposes]")]
    manifest = parse_manifest(bare.encode(), "here")
    assert (manifest.limits, dict(manifest.purposes), dict(manifest.config)) == (Limits(), {}, {})


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('id = "parking-volunteers"', 'id = "Parking Volunteers"', "id"),
        ('version = "1.2.0"', 'version = "newest"', "version"),
        ('version = "1.2.0"', "version = 1", "version"),
        ('vendor = "A company"', "", "vendor"),
        ('hooks = ["tariff_concessions"]', 'hooks = "tariff_concessions"', "hooks"),
        ("api.example.com:443", "api.example.com", "hosts.0"),
        ("api.example.com:443", "api.example.com:70000", "hosts"),
        ("api.example.com:443", "https://api.example.com:443/x", "hosts.0"),
        ('api = ">=1.1,<2"', 'api = "new"', "api"),
        ("memory_mb = 64", "memory_mb = 1", "limits.memory_mb"),
        ("memory_mb = 64", "memory = 64", "limits.memory"),
        (', en = "Parking concessions"', "", "purposes.parking.concession.en"),
        ('contact = "plugins@example.com"', 'contact = "call us"', "contact"),
        ('contact = "plugins@example.com"', 'contact = "a@b"\ncontacts = []', "contacts"),
        ('type = "object"', 'type = "array"', "config.type"),
    ],
)
def test_what_is_wrong_is_refused_with_the_keys_name(old, new, field):
    with pytest.raises(ManifestRefused) as refused:
        parse_manifest(changed(old, new), "here")
    found = refused.value.complaints
    assert field in [one.field for one in found]
    for locale in ("zh-CN", "en"):
        told = " ".join(one.text(locale) for one in found)
        assert field.split(".")[0] in told
        assert "{ $" not in told


def test_a_misspelt_key_is_refused_with_the_one_that_is_meant():
    with pytest.raises(ManifestRefused, match="licence"):
        parse_manifest(changed("licence", "license"), "here")


@pytest.mark.parametrize(
    "raw", [b"id = ", b"\xff\xfe", b"a" * 70_000], ids=["cut", "bytes", "long"]
)
def test_what_is_no_manifest_at_all_is_refused_too(raw):
    with pytest.raises(PluginRefused, match=r"here: plugin\.toml"):
        parse_manifest(raw, "here")


def test_a_plugins_configuration_is_held_against_its_own_schema():
    schema = tomllib.loads(WHOLE)["config"]
    assert complaints(schema, {"XIANBAN_VOLUNTEERS_URL": "https://x"}) == []
    (wrong,) = complaints(schema, {"XIANBAN_VOLUNTEER_URL": "https://x"})
    assert "XIANBAN_VOLUNTEERS_URL" in wrong.text("en")


def test_every_first_party_manifest_is_read():
    found = sorted(Path(__file__).parents[2].glob("plugins/*/plugin.toml"))
    assert found
    for file in found:
        assert parse_manifest(file.read_bytes(), file).id == file.parent.name
