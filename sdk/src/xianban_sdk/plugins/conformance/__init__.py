"""The conformance kit: what is good about a plugin, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xianban_sdk.plugins.complaints import Complaint
from xianban_sdk.plugins.conformance.harm import read_harm
from xianban_sdk.plugins.conformance.names import installed_names, read_name
from xianban_sdk.plugins.conformance.polish import read_polish
from xianban_sdk.plugins.conformance.scale import (
    TIERS,
    BadExemption,
    Finding,
    Report,
    Rule,
    State,
    Verdict,
    exemptions,
    judged,
    scale,
)
from xianban_sdk.plugins.conformance.source import PluginSource, open_source
from xianban_sdk.plugins.conformance.tools import run_tools
from xianban_sdk.plugins.conformance.trial import try_out
from xianban_sdk.plugins.manifest import MANIFEST, ManifestRefused, PluginRefused

__all__ = [
    "TIERS",
    "BadExemption",
    "Finding",
    "Report",
    "Rule",
    "State",
    "Verdict",
    "check",
    "scale",
]


def check(
    folder: Path,
    *,
    tools: bool = True,
    config: Path | None = None,
    known_names: Mapping[str, str] | None = None,
) -> Report:
    """Judges the plugin in a folder by every rule.

    `config` is what its operator would configure. `known_names` (id → vendor) are those it must
    not be taken for; left out: those installed. Raises BadExemption when its quality.toml exempts
    what it may not.
    """
    exempt = exemptions(folder)
    try:
        source = open_source(folder)
        views = source.each()
    except PluginRefused as error:
        return _unreadable(folder, error)
    names = installed_names() if known_names is None else known_names
    findings = [*read_name(source.manifest, names)]
    not_judged: dict[str, str] = {}
    for view in views:
        trial = try_out(view, config)
        found = [*read_harm(view), *read_polish(view), *trial.findings]
        # What does not depend on the domain is seen in each of them.
        findings += [one for one in found if one not in findings]
        not_judged |= trial.not_judged
    if tools:
        judged_by_tools = run_tools(source)
        findings += judged_by_tools.findings
        not_judged |= judged_by_tools.not_judged
    else:
        not_judged |= {rule.id: "unjudged-not-asked" for rule in scale() if rule.how == "tool"}
    return _report(source, findings, not_judged, exempt)


def _report(
    source: PluginSource,
    findings: list[Finding],
    not_judged: Mapping[str, str],
    exempt: Mapping[str, str],
) -> Report:
    verdicts = judged(findings, not_judged, exempt)
    return Report(source.manifest.id, source.manifest.version, verdicts)


def _unreadable(folder: Path, error: PluginRefused) -> Report:
    """Without manifest and code there is nothing else to judge."""
    if isinstance(error, ManifestRefused):
        findings = [Finding("manifest", MANIFEST, complaint) for complaint in error.complaints]
    else:
        told = Complaint("", "found-no-shape", {"why": str(error)})
        findings = [Finding("package", str(folder), told)]
    others = {rule.id: "unjudged-unreadable" for rule in scale()}
    return Report(folder.name, "", judged(findings, others, {}))
