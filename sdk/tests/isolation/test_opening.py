"""What happens in the host while a plugin is opened elsewhere: as little as can be."""

import os
import sys
from importlib import import_module

import pytest
from xianban_sdk import i18n
from xianban_sdk.plugins import NOBODY, build
from xianban_sdk.plugins.tiers import tier_of


def test_no_code_of_the_plugin_is_imported_here(opened, stay):
    hooks = opened("good")
    assert hooks.each("tariff_concessions", about=NOBODY, request=stay)[0].error is None
    assert not [name for name in sys.modules if name.startswith("zoo_")]


def test_a_plugin_does_not_keep_to_the_cpu_of_its_host(opened):
    whole = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(whole)})
    try:
        pid = opened("good").plugins["zoo-good"].runner.pid
        assert os.sched_getaffinity(pid) >= whole
    finally:
        os.sched_setaffinity(0, whole)


def test_texts_of_a_plugin_in_a_directory_are_found_without_its_code(written, tmp_path):
    locale = tmp_path / "src" / "p" / "locale"
    locale.mkdir(parents=True)
    for name in i18n.LOCALES:
        (locale / f"{name}.ftl").write_text("alert-p = Beware\n")
    (tmp_path / "src" / "p" / "__init__.py").write_text("raise SystemExit('imported')\n")
    with pytest.raises(Exception, match="imported"):
        written("")
    (tmp_path / "src" / "p" / "__init__.py").write_text("")
    i18n.place("p", tmp_path / "src" / "p")
    i18n.lend("p", "xianban_eldercare")
    assert i18n.text("alert-p", "en", "xianban_eldercare") == "Beware"
    assert "p" not in sys.modules


def test_the_texts_of_a_plugins_next_version_are_its_own(tmp_path):
    for version in ("1", "2"):
        locale = tmp_path / version / "acme_texts" / "locale"
        locale.mkdir(parents=True)
        for name in i18n.LOCALES:
            (locale / f"{name}.ftl").write_text(f"alert-acme = Version {version}\n")
        i18n.place("acme_texts", locale.parent)
        i18n.lend("acme_texts", "xianban_eldercare")
        assert i18n.text("alert-acme", "en", "xianban_eldercare") == f"Version {version}"


def test_a_plugin_cannot_replace_the_texts_of_who_is_here(tmp_path):
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "en.ftl").write_text("internal = All is well\n")
    i18n.place(i18n.SDK_PACKAGE, tmp_path)
    i18n.catalogue(i18n.SDK_PACKAGE).renew()
    assert i18n.text("internal", "en").startswith("Something went wrong")


@pytest.mark.parametrize("name", ["os.path", "../p", "", "nobody_has_this"])
def test_a_plugin_cannot_make_the_host_import_by_naming_its_texts(name):
    with pytest.raises(LookupError):
        i18n.lend(name, "xianban_eldercare")


@pytest.mark.parametrize(
    ("tiers", "tier"),
    [("", 0), ("parking-lpr=1", 1), ("*=1", 1), ("*=1, parking-lpr=0", 0), ("other=1", 0)],
)
def test_the_operator_chooses_where_a_plugin_runs(tiers, tier):
    assert tier_of("parking-lpr", tiers) == tier


def test_a_plugin_that_cannot_start_elsewhere_is_set_aside_and_the_others_run(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))
    monkeypatch.setenv("XIANBAN_PLUGIN_TIERS", "notify-webpush=1")
    hooks = build("notify", import_module("xianban_notify.hookspecs"))
    found = {result.plugin for result in hooks.registered("register_channel")}
    assert "names its hosts" in hooks.quarantined["notify-webpush"]
    assert "notify-sms" in found
    assert "notify-webpush" not in found
    hooks.close()
