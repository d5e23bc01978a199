"""The same plugins answer the same: in process, in processes of their own, and elsewhere."""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

import orjson
import pytest
from xianban_eldercare.hookspecs import Case, Live, Motion, Off
from xianban_parking.hookspecs import ConcessionRequest, PaymentOrder
from xianban_plugin_public_city_eye.simulator import notification, notify
from xianban_sdk.plugins import NOBODY, build
from xianban_sdk.plugins.tiers import place_of
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, installed_secret, sign
from xianban_sdk.testing.serving import begin_serving, wait_for
from xianban_sensing.plugins import Model

NOW = datetime.now(UTC)
PASSAGE = {
    "id": "c1-17", "lot": "nanqiao-park", "gate": "east-1", "direction": "in",
    "plate": "沪AD12345", "time": NOW.isoformat(), "confidence": 0.98,
}  # fmt: skip
LOTS = {"items": [
    {"uid": "a", "name": "A", "lat": 30.9, "lon": 121.4, "capacity": 10},
    {"uid": "b", "name": "B", "lat": 30.9, "lon": 121.4, "capacity": "many"},
]}  # fmt: skip
PAID = {
    "callback_id": "1", "payment": "p", "state": "captured", "amount_fen": 5,
    "occurred_at": NOW.isoformat(),
}  # fmt: skip
ORDER = PaymentOrder("01KDVHX800PAYMENT000000001", 1500, "停车费", "http://a/", "http://b/")
RIGHTS = frozenset({"disabled-permit", "carer", "senior"})
STAY = ConcessionRequest("a", "310120/fengpu", NOW, NOW + timedelta(hours=3), "electric", RIGHTS)
WELL = tuple(
    Live(kind, value, NOW)
    for kind, value in {
        "respiratory-rate": 16.0, "oxygen-saturation": 88.0, "systolic-pressure": 120.0,
        "heart-rate": 131.0, "body-temperature": 36.8,
    }.items()
)  # fmt: skip
FELL = Motion(NOW, 50, tuple((0.1, 0.2, 1.0 + n % 7) for n in range(400)))


def signed(secret, body):
    return {HEADER: sign(installed_secret(secret), body, NOW)}


def body(value):
    return orjson.dumps(value)


def ask_gate(hooks):
    for gate in hooks.registered("register_gate")[0].value:
        for headers in (signed("parking-lpr", body(PASSAGE)), {}, signed("other-one", b"{")):
            for sent in (body(PASSAGE), b"{", body({"events": [PASSAGE, {}]})):
                asked = (sent, "application/json", headers, NOW)
                yield lambda g=gate, a=asked: list(g.parse(*a))


def ask_feed(hooks):
    feed = next(r for r in hooks.registered("register_feed") if r.plugin == "parking-parkapi")
    [parkapi] = feed.value
    yield lambda: (parkapi.id, parkapi.names, parkapi.mode, parkapi.cadence)
    for sent in (body(LOTS), b"nonsense", b""):
        headers = signed("feed-parkapi", sent)
        yield lambda h=headers, s=sent: list(parkapi.parse(s, "application/json", h, NOW))
        yield lambda s=sent: list(parkapi.parse(s, "application/json", {}, now=NOW))


def ask_cameras(hooks):
    [onvif] = hooks.registered("register_camera_events")[0].value
    yield lambda: (onvif.id, onvif.names)
    told = notification("31012000001320000001", "fire/B1", NOW)
    for sent in (notify(told, told.replace("fire/", "x/")), b"<a/>", b"\xff\xd8JFIF"):
        for headers in (signed("public-city-eye", sent), {}, signed("other-one", sent)):
            asked = (sent, "application/soap+xml", headers, NOW)
            yield lambda a=asked: list(onvif.parse(*a))


def ask_payment(hooks):
    [provider] = hooks.registered("register_payment")[0].value
    yield lambda: provider.start(ORDER)
    yield lambda: provider.names
    for sent in (body(PAID), body(PAID | {"state": "stolen"}), b"["):
        headers = signed("parking-sandbox-pay", sent)
        yield lambda h=headers, s=sent: provider.callback(s, h)
        yield lambda s=sent: provider.callback(s, {})


def ask_geocoder(hooks):
    [gazetteer] = hooks.registered("register_geocoder")[0].value
    for query in ("南桥", "nanqiao qiche zhn", "", "\x00", "zzz"):
        yield lambda q=query: gazetteer.find(q, 3)


def ask_concessions(hooks):
    for rights in (RIGHTS, frozenset()):
        stay = ConcessionRequest("a", STAY.area, STAY.start, STAY.end, "car", rights)
        yield lambda s=stay: hooks.values("tariff_concessions", about=NOBODY, request=s)


def ask_packs(hooks):
    for result in hooks.registered("register_rule_pack"):
        [pack] = result.value
        yield lambda p=pack: (p.id, p.needs, p.alerts, p.computes, p.names, p.needs_motion)
        for readings in (WELL, (Off("heart-rate", NOW, "jump"),), ()):
            yield lambda p=pack, r=readings: p.judge(Case(NOW, "", r))
            yield lambda p=pack, r=readings: p.judge(Case(NOW, "nonsense", r))
        yield lambda p=pack: p.judge(Case(NOW, "", (), FELL))


def ask_adapters(hooks):
    telegrams = (
        {"hr": 72, "spo2": 97, "loc": [30.9, 121.4, 12], "ev": "sos", "id": "a1"},
        {"acc": {"hz": 50, "mg": [0, 1000, 0, 10, 990, -5]}},
        [{"hr": 1}, 7],
        "no",
    )
    for result in hooks.registered("register_device_adapter"):
        [adapter] = result.value
        yield lambda a=adapter: (a.model, a.names, a.promises, a.has_display)
        for sent in (*map(body, telegrams), b"\xff", b""):
            yield lambda a=adapter, s=sent: list(a.parse(s, NOW))
        yield lambda a=adapter: a.render("acknowledged", "有人知道了")
        # The registry passes on which press is answered where the adapter takes it.
        model = Model(result.plugin, adapter, hooks)
        yield lambda m=model: m.render("d-1", "acknowledged", "有人知道了", "d-1:p1")


ASKED = {
    "parking": (ask_gate, ask_feed, ask_cameras, ask_payment, ask_geocoder, ask_concessions),
    "eldercare": (ask_packs,),
    "sensing": (ask_adapters,),
}


def outcome(call):
    try:
        return call()
    except Exception as error:
        found = (PermissionError, ValueError, KeyError, TypeError, AttributeError)
        return next((kind for kind in found if isinstance(error, kind)), type(error))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Domain → the setting by which its plugins are joined that somebody else runs."""
    folder, processes = tmp_path_factory.mktemp("elsewhere"), []

    @cache
    def served(domain: str) -> str:
        places = f"*=2@unix:{folder}/{{plugin}}.sock"
        names = [point.name for point in entry_points(group=f"xianban.{domain}")]
        begun = {place_of(name, places).address: name for name in names}
        data = {"XIANBAN_DATA": str(folder)}
        for address, name in begun.items():
            begun[address] = begin_serving(name, address, data)
        processes.extend(begun.values())
        for address, process in begun.items():
            wait_for(address, process)
        return places

    yield folder, served
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize("ask", [ask for asks in ASKED.values() for ask in asks])
def test_a_plugin_answers_the_same_in_all_tiers(ask, elsewhere, monkeypatch) -> None:
    domain = next(name for name, asks in ASKED.items() if ask in asks)
    hookspecs = import_module(f"xianban_{domain}.hookspecs")
    data, served = elsewhere
    monkeypatch.setenv("XIANBAN_DATA", str(data))
    assert Settings.load().data == data
    found = []
    for number, tiers in enumerate(("", "*=1", served(domain))):
        monkeypatch.setenv("XIANBAN_PLUGIN_TIERS", tiers)
        hooks = build(domain, hookspecs)
        assert {plugin.tier for plugin in hooks.plugins.values()} == {number}
        assert hooks.quarantined == {}
        found.append([outcome(call) for call in ask(hooks)])
        hooks.close()
    inside, outside, elsewhere_answered = found
    assert len(inside) >= 2
    assert outside == inside
    assert elsewhere_answered == inside
