"""The kit names each fault of the zoo by its rule, and finds none where there is none."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xianban_sdk.cli.commands import command_line
from xianban_sdk.i18n import text
from xianban_sdk.plugins.complaints import PACKAGE
from xianban_sdk.plugins.conformance import BadExemption, State, check, scale
from xianban_sdk.plugins.conformance.names import read_name
from xianban_sdk.plugins.domains import domain
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.plugins.registry import build, open_archive
from xianban_sdk.plugins.scaffold import Wish, write_plugin

ZOO = Path(__file__).parents[2] / "tests/zoo"

FAULTS = {
    "bad-import": {"imports", "loads"},
    "escapes": {"processes", "confined"},
    "exits": {"processes", "stays-alive"},
    "fills-disk": {"disk"},
    "forks": {"processes", "confined"},
    "hangs": {"in-time"},
    "html": {"plain-text"},
    "huge-reply": {"reply-size"},
    "leaks": {"memory"},
    "lies": {"answers"},
    "lies-inside": {"answers"},
    "misspelt": {"hooks", "loads"},
    "name-squat": {"name"},
    "opens-sockets": {"hosts"},
    "raises": {"answers"},
    "reads-secrets": {"files"},
    "segfaults": {"processes", "stays-alive"},
    "sleeps": {"in-time"},
    "stops-thread": {"answers"},
    "swallows": {"in-time"},
    "undeclared": {"hooks"},
    "wrong-api": {"api"},
}


def broken(report) -> set[str]:
    return {v.rule.id for v in report.verdicts if v.state is State.BROKEN}


@pytest.fixture
def fresh(tmp_path) -> Path:
    """A scaffold, to be spoilt."""
    path = tmp_path / "acme-discounts"
    facts = (domain("parking"), ["tariff_concessions"], "Acme", "a@acme.example", "MIT")
    write_plugin(path, Wish(path.name, *facts))
    return path


def plugin_of(path: Path) -> Path:
    return path / "src/xianban_plugin_acme_discounts/plugin.py"


def spoil(file: Path, old: str, new: str) -> None:
    before = file.read_text("utf-8")
    assert old in before
    file.write_text(before.replace(old, new), "utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in ZOO.iterdir() if path.is_dir()))
def test_each_plugin_of_the_zoo_is_found_by_its_rule(name):
    report = check(ZOO / name, tools=False)
    if name == "good":
        assert report.tier == "bronze"
        return
    assert not report.passed
    assert FAULTS[name] <= broken(report)


def test_a_scaffold_holds_all_that_needs_no_tool(fresh):
    report = check(fresh, tools=False)
    assert report.passed
    assert broken(report) == set()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("return []", "import httpx\n\n    return httpx.get('https://a.b.cn').json()", "hosts"),
        ("return []", "print(request)\n    return []", "quiet"),
        ("request: ConcessionRequest", "request", "typed"),
        ("(request:", "(ask:", "hooks"),
        ("return []", "return [] if request.lot else [][1]", "hostile-input"),
        ("return []", "raise NotImplementedError", "written"),
        (
            "return []",
            'return [Concession("a", {"en": "A"}, percent=1)]',
            "both-languages",
        ),
        (
            "return []",
            "import secrets\n\n    return [Concession(secrets.token_hex(4), {}, percent=1)]",
            "repeatable",
        ),
        (
            "from xianban_parking.hookspecs",
            "from xianban_parking import domain  # noqa\nfrom xianban_parking.hookspecs",
            "imports",
        ),
    ],
)
def test_each_way_of_spoiling_it_has_its_rule(fresh, old, new, rule):
    spoil(plugin_of(fresh), old, new)
    assert rule in broken(check(fresh, tools=False))


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("plugin.toml", 'licence = "MIT"', 'licence = "free"', "licence"),
        ("plugin.toml", "<2", "<3,>=2", "api"),
        ("plugin.toml", "[config]", "[limits]\nmemory_mb = 1024\n\n[config]", "modest"),
        ("plugin.toml", 'type = "object"', 'type = "object"\nrequired = 1', "configuration"),
        ("plugin.toml", 'vendor = "Acme"', "", "manifest"),
        ("pyproject.toml", ".plugin", ".plugins", "package"),
        ("CHANGELOG.md", "0.1.0", "0.0.9", "changelog"),
        ("tests/test_plugin.py", "tariff_concessions", "tariff", "tested"),
    ],
)
def test_what_lies_beside_the_code_is_judged_too(fresh, file, old, new, rule):
    spoil(fresh / file, old, new)
    report = check(fresh, tools=False)
    assert rule in broken(report)


def test_a_manifest_in_the_package_that_is_another_one_is_found(fresh):
    link = fresh / "src/xianban_plugin_acme_discounts/plugin.toml"
    link.unlink()
    shutil.copy(fresh / "plugin.toml", link)
    assert "package" not in broken(check(fresh, tools=False))
    spoil(link, 'vendor = "Acme"', 'vendor = "Other"')
    assert "package" in broken(check(fresh, tools=False))


def test_an_exemption_needs_a_rule_that_allows_it_and_a_reason(fresh):
    def exempt(line: str) -> None:
        (fresh / "quality.toml").write_text(f"[exempt]\n{line}\n")

    exempt('modest = "keeps a year of counts in memory"')
    assert {v.rule.id for v in check(fresh, tools=False).verdicts if v.state is State.EXEMPT} == {
        "modest"
    }
    for line in ('modest = "no"', 'hosts = "the host is our own"', 'modesty = "a good reason"'):
        exempt(line)
        with pytest.raises(BadExemption, match=line.split()[0]):
            check(fresh, tools=False)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("parking-lpr", True),
        ("parking-1pr", True),
        ("parkinglpr", True),
        ("parking-lpr2", True),
        ("paking-lpr", True),
        ("parkign-lpr", True),
        ("parking-gates", False),
        ("parking-lprx2", False),
    ],
)
def test_a_name_like_anothers_is_found(name, taken):
    manifest = Manifest(name, "1", "Acme", ">=1", frozenset())
    assert bool(list(read_name(manifest, {"parking-lpr": "Xianban"}))) is taken
    assert not list(read_name(manifest, {"parking-lpr": "Acme"}))


def test_every_rule_and_finding_has_words():
    for rule in scale():
        for locale in ("zh-CN", "en"):
            key = f"quality-{rule.id}"
            assert text(key, locale, PACKAGE) != key


def test_machines_get_every_rule_and_the_exit_code_says_bronze(fresh):
    done = CliRunner().invoke(
        command_line(), ["plugin", "check", str(fresh), "--no-tools", "--json"]
    )
    told = json.loads(done.output)
    assert (done.exit_code, told["passed"]) == (0, True)
    assert len(told["rules"]) == len(scale())
    bad = CliRunner().invoke(
        command_line(), ["plugin", "check", str(ZOO / "lies"), "--no-tools", "--json"]
    )
    found = {r["rule"]: r for r in json.loads(bad.output)["rules"]}
    assert bad.exit_code == 1
    assert found["answers"]["findings"][0]["where"] == "tariff_concessions"


def test_a_folder_that_is_no_plugin_is_told_so(tmp_path):
    done = CliRunner().invoke(command_line(), ["plugin", "check", str(tmp_path), "--json"])
    assert done.exit_code == 1
    assert "plugin.toml" in done.output


@pytest.mark.parametrize("written", ["[project", '[project]\ndependencies = ["a b c"]\n'])
def test_a_project_file_that_cannot_be_read_is_said_so(fresh, written):
    (fresh / "pyproject.toml").write_text(written)
    report = check(fresh)
    told = [one.complaint.text("en") for verdict in report.verdicts for one in verdict.findings]
    assert any("pyproject.toml" in one for one in told)


def test_a_plugin_that_would_be_told_of_nobody_hears_so_and_may_mean_it(fresh):
    file = fresh / "plugin.toml"
    before = file.read_text("utf-8")
    cut = "\n".join(line for line in before.splitlines() if "parking.concession" not in line)
    file.write_text(cut, "utf-8")
    verdict = next(v for v in check(fresh, tools=False).verdicts if v.rule.id == "purposes")
    assert verdict.state is State.BROKEN
    told = verdict.findings[0].complaint.text("en")
    assert "tariff_concessions" in told
    assert '"parking.concession"' in told


def test_only_what_every_capability_of_a_hook_needs_must_be_declared():
    told = Manifest("x", "1", "x", ">=1", frozenset({"register_second_factor"}))
    assert domain("identity").undeclared(told) == {}
    told = Manifest("x", "1", "x", ">=1", frozenset({"register_code_sender"}))
    assert domain("identity").undeclared(told) == {"identity.login-code": "register_code_sender"}


ANOTHER_DOMAIN = """

@eldercare_hookimpl
def register_weather() -> list[WeatherSource]:
    \"\"\"Knows no weather.\"\"\"
    return []
"""


@pytest.fixture
def of_two_domains(fresh):
    """A plugin that serves parking and elder care."""
    code = plugin_of(fresh).read_text("utf-8")
    wanted = "from xianban_eldercare.hookspecs import WeatherSource\n"
    wanted += "from xianban_eldercare.hookspecs import hookimpl as eldercare_hookimpl\n"
    found = code.index("from xianban_parking")
    plugin_of(fresh).write_text(code[:found] + wanted + code[found:] + ANOTHER_DOMAIN, "utf-8")
    spoil(fresh / "plugin.toml", '"tariff_concessions"', '"tariff_concessions", "register_weather"')
    point = 'acme-discounts = "xianban_plugin_acme_discounts.plugin"'
    both = f'[project.entry-points."xianban.eldercare"]\n{point}\n\n'
    head = '[project.entry-points."xianban.parking"]'
    spoil(fresh / "pyproject.toml", head, both + head)
    return fresh


def test_a_plugin_of_two_domains_is_judged_by_both(of_two_domains):
    report = check(of_two_domains, tools=False)
    assert report.passed
    # Nobody wrote a test of the second hook, or told of it.
    assert broken(report) <= {"tested", "documented"}


def test_what_is_wrong_in_one_of_its_domains_is_found_once(of_two_domains):
    spoil(plugin_of(of_two_domains), "def register_weather(", "def register_wether(")
    report = check(of_two_domains, tools=False)
    verdict = next(one for one in report.verdicts if one.rule.id == "hooks")
    told = sorted(one.complaint.key for one in verdict.findings)
    assert told == ["found-no-hook", "found-unwritten-hook"]


def test_its_archive_says_both(of_two_domains, tmp_path):
    archive = open_archive(build(of_two_domains, tmp_path / "out"))
    assert archive.domain == "eldercare,parking"
