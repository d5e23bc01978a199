"""Writes docs/api, docs/plugins and docs/operations/metrics.md; `make check` fails on drift."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from xianban.common.v1 import options_pb2
from xianban_sdk.carrying import marks_of
from xianban_sdk.hook_versions import api_of, deprecation_of, removed_from, since_of
from xianban_sdk.i18n import text
from xianban_sdk.instruments import INSTRUMENTS, prometheus_name
from xianban_sdk.plugins import Limits, domains
from xianban_sdk.plugins.complaints import PACKAGE
from xianban_sdk.plugins.conformance import TIERS, scale
from xianban_sdk.plugins.manifest import manifest_schema, read_manifest
from xianban_sdk.plugins.scaffold.code import plugin_source

ROOT = Path(__file__).parent.parent
API = ROOT / "docs" / "api"
PLUGINS = ROOT / "docs" / "plugins"
FIELD = descriptor_pb2.FieldDescriptorProto
VERBS = ("get", "post", "put", "patch", "delete")

File = descriptor_pb2.FileDescriptorProto


def descriptors() -> list[File]:
    raw = (ROOT / "protos/src/xianban/descriptors.binpb").read_bytes()
    files = descriptor_pb2.FileDescriptorSet.FromString(raw).file
    return [file for file in files if file.package.startswith("xianban.")]


def comments(file: File) -> dict[tuple[int, ...], str]:
    return {
        tuple(location.path): location.leading_comments.strip()
        for location in file.source_code_info.location
    }


def field_type(field: FIELD) -> str:
    name = field.type_name.lstrip(".") or FIELD.Type.Name(field.type).removeprefix("TYPE_").lower()
    return f"repeated {name}" if field.label == FIELD.LABEL_REPEATED else name


def message_rows(file: File, index: int, notes: dict[tuple[int, ...], str]) -> Iterator[str]:
    message = file.message_type[index]
    yield f"\n### {message.name}\n\n{notes.get((4, index), '')}\n"
    if not message.field:
        return
    yield "| field | type | sensitivity | |\n|---|---|---|---|"
    for number, field in enumerate(message.field):
        level = options_pb2.Sensitivity.Name(field.options.Extensions[options_pb2.sensitivity])
        note = notes.get((4, index, 2, number), "").replace("\n", " ").replace("|", "\\|")
        name = level.removeprefix("SENSITIVITY_").lower()
        yield f"| `{field.name}` | `{field_type(field)}` | {name} | {note} |"


def enum_rows(file: File, index: int, notes: dict[tuple[int, ...], str]) -> Iterator[str]:
    enum = file.enum_type[index]
    yield f"\n### {enum.name}\n\n{notes.get((5, index), '')}\n\n| value | |\n|---|---|"
    for number, value in enumerate(enum.value):
        note = notes.get((5, index, 2, number), "").replace("\n", " ")
        yield f"| `{value.name}` | {note} |"


def route(method: descriptor_pb2.MethodDescriptorProto) -> str:
    rule = method.options.Extensions[annotations_pb2.http]
    found = [f"`{verb.upper()} {getattr(rule, verb)}`" for verb in VERBS if getattr(rule, verb)]
    return found[0] if found else "gRPC inside the suite only"


def caller(method: descriptor_pb2.MethodDescriptorProto) -> str:
    access = method.options.Extensions[options_pb2.access]
    if access.anonymous:
        who = "anyone"
    elif access.workload:
        who = "the suite's own processes"
    elif access.roles:
        who = "staff: " + ", ".join(access.roles)
    else:
        who = "the resident" + (f", or who acts for them ({access.scope})" if access.scope else "")
    return (
        who
        + (f"; consent to {access.purpose}" if access.purpose else "")
        + ("; stronger log-in" if access.step_up else "")
    )


def service_rows(file: File, index: int, notes: dict[tuple[int, ...], str]) -> Iterator[str]:
    service = file.service[index]
    yield f"\n## {service.name}\n\n{notes.get((6, index), '')}\n"
    yield "| RPC | HTTP | who may call | |\n|---|---|---|---|"
    for number, method in enumerate(service.method):
        note = notes.get((6, index, 2, number), "").replace("\n", " ")
        answer = method.output_type.rsplit(".", 1)[1]
        stream = "stream " * method.server_streaming
        shape = f"{method.input_type.rsplit('.', 1)[1]} → {stream}{answer}"
        yield f"| `{method.name}`<br>{shape} | {route(method)} | {caller(method)} | {note} |"


def page(domain: str, files: list[File]) -> str:
    lines = [f"# API: {domain}\n\nGenerated from protos/xianban/{domain}/v1 by `make proto`."]
    for file in files:
        notes = comments(file)
        for index in range(len(file.service)):
            lines += service_rows(file, index, notes)
    for file in files:
        notes = comments(file)
        lines.append(f"\n## Messages of {Path(file.name).name}")
        for index in range(len(file.message_type)):
            lines += message_rows(file, index, notes)
        for index in range(len(file.enum_type)):
            lines += enum_rows(file, index, notes)
    return "\n".join(lines) + "\n"


def life(hook: Any) -> str:
    going, came = deprecation_of(hook), f"Since API {since_of(hook)}."
    if going is None:
        return came
    return (
        f"{came} Deprecated since {going.since}: gone with {going.removal}, "
        f"not before {going.on}; use {going.use}."
    )


def hooks(module_name: str) -> str:
    module = importlib.import_module(module_name)
    domain_name = module_name.removeprefix("xianban_").removesuffix(".hookspecs")
    head = f"# Plugin hooks: {domain_name}\n\nAPI {api_of(module)}. {inspect.getdoc(module)}\n"
    lines = [head, *carried(module)]
    for name in module.__all__:
        thing = getattr(module, name)
        if name in {"hookimpl", "hookspec"}:
            continue
        if inspect.isclass(thing):
            lines.append(f"\n## {name}\n\n```python\n{inspect.getsource(thing).strip()}\n```")
        else:
            signature = inspect.signature(thing)
            lines.append(f"\n## hook `{name}`\n\n`{name}{signature}`\n\n{inspect.getdoc(thing)}")
            lines.append(f"\n{life(thing)}")
            lines.append(example(domain_name, name))
    lines += [
        f"\n## hook `{name}` (removed)\n\nGone since API {gone.version}: use {gone.use}."
        for name, gone in removed_from(module).items()
    ]
    return "\n".join(lines) + "\n"


def carried(module: object) -> Iterator[str]:
    """Which calls take a person's data to a plugin."""
    marks = marks_of(module)
    if not marks:
        return
    yield (
        "\nThese calls carry a person's data. They are made only to a plugin whose manifest "
        "declares the purpose; with basis `consent` only for people who agree at that moment, with "
        "`request` because the person asks for just this, with `duty` because the law asks it of a "
        "public body. Where alarms go the same way, they are told as `vital` and wait for no "
        "consent. Each is booked "
        "([how](../operations/plugins.md#what-plugins-are-told)).\n\n"
        "| call | purpose | basis |\n|---|---|---|"
    )
    for name, mark in sorted(marks.items()):
        alarms = "; alarms: vital" if mark.alarms else ""
        yield f"| `{name}` | `{mark.purpose}` | {mark.basis}{alarms} |"


def example(domain_name: str, hook: str) -> str:
    """What the scaffold writes for the hook: it loads, passes its tests and `plugin check`."""
    code = plugin_source(domains.domain(domain_name), [hook], "acme", "xianban_plugin_acme").strip()
    real = ", ".join(f"plugins/{name}" for name in implementing(domain_name, hook))
    command = f"xianban plugin new acme --domain {domain_name} --hook {hook}"
    return f"\n`{command}` writes this, with tests; at work: {real}.\n\n```python\n{code}\n```"


def implementing(domain_name: str, hook: str) -> list[str]:
    """The suite's own plugins that implement it."""
    points = entry_points(group=f"xianban.{domain_name}")
    packages = {point.module.split(".")[0] for point in points}
    return sorted(found.id for found in map(read_manifest, packages) if hook in found.hooks)


def keys(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """One row per key of plugin.toml; tables row by row."""
    for name, known in schema["properties"].items():
        needed = "yes" if name in schema.get("required", ()) else ""
        if "description" in known:
            note = known["description"].replace("|", "\\|")
            yield f"| `{prefix}{name}` | {needed} | {shape(known)} | {note} |"
        if not known.get("additionalProperties", True) and "properties" in known:
            yield from keys(known, f"{prefix}{name}.")


def shape(known: dict[str, Any]) -> str:
    """Type and bounds of a key, as its schema says them."""
    kind = known["type"] if isinstance(known["type"], str) else known["type"][0]
    pairs = (("exclusiveMinimum", "more than"), ("minimum", "from"), ("maximum", "to"))
    bounds = [f"{word} {known[key]}" for key, word in pairs if key in known]
    return " ".join([{"object": "table", "array": "list"}.get(kind, kind), *bounds])


def manifest() -> str:
    schema = manifest_schema()
    example = (ROOT / "plugins/parking-parkapi/plugin.toml").read_text("utf-8")
    rows = "\n".join(keys(schema))
    defaults = ", ".join(f"{name} {value}" for name, value in asdict(Limits()).items())
    return (
        f"# plugin.toml\n\n{schema['description']} It lies at the root of the plugin's folder; the "
        "package carries it by a link, so that a wheel has it too. A key that is not here is "
        "refused.\n\n| key | needed | is | |\n|---|---|---|---|\n"
        f"{rows}\n\nThe limits' defaults: {defaults}.\n"
        f"\nFor example, parking-parkapi's:\n\n```toml\n{example}```\n"
    )


def quality() -> str:
    """The rules of the conformance kit, as data and both languages say them."""
    lines = [
        "# The quality scale\n\nWhat `xianban plugin check PATH` asks of a plugin. It stands on a "
        "tier when every rule of it and of those below holds, or is exempt with a reason in "
        "`quality.toml` (rules marked *). `read`: from the files; `run`: by calling it in its own "
        "confined process; `tool`: by pytest, ruff and pyright where they are installed.\n"
    ]
    for tier in TIERS:
        title = text(f"tier-{tier}", "en", PACKAGE)
        lines.append(f"\n## {title}\n\n| rule | how | | |\n|---|---|---|---|")
        for rule in (one for one in scale() if one.tier == tier):
            words = [text(f"quality-{rule.id}", locale, PACKAGE) for locale in ("en", "zh-CN")]
            lines.append(f"| `{rule.id}`{'*' * rule.exempt} | {rule.how} | {' | '.join(words)} |")
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """Every instrument of the suite, as OpenTelemetry and as Prometheus name it."""
    lines = [
        "# Metrics\n\nGenerated from sdk/src/xianban_sdk/instruments.py by `make proto`. How they "
        "reach Prometheus: [observability](observability.md). No label names a person or a device; "
        "each has few values.\n\n| metric | in Prometheus | unit | labels | |\n"
        "|---|---|---|---|---|"
    ]
    for one in INSTRUMENTS.values():
        labels = ", ".join(f"`{label}`" for label in one.labels)
        name = prometheus_name(one) + ("_{bucket,count,sum}" if one.kind == "histogram" else "")
        lines.append(f"| `{one.name}` | `{name}` | {one.unit} | {labels} | {one.meaning} |")
    return "\n".join(lines) + "\n"


def carry(module_name: str) -> None:
    """A vendor with the SDK alone imports the hookspecs under the name that the suite does."""
    package = domains.CARRIED / module_name.partition(".")[0]
    package.mkdir(parents=True, exist_ok=True)
    source = inspect.getsource(importlib.import_module(module_name))
    (package / "hookspecs.py").write_text(f"# Generated by make proto: the service's.\n{source}")
    note = '"""The hookspecs alone, for vendors without the service. Generated by make proto."""\n'
    (package / "__init__.py").write_text(note)
    (package / "py.typed").touch()


def main() -> None:
    API.mkdir(parents=True, exist_ok=True)
    PLUGINS.mkdir(parents=True, exist_ok=True)
    by_domain: dict[str, list[File]] = {}
    for file in descriptors():
        by_domain.setdefault(file.package.split(".")[1], []).append(file)
    for domain, files in sorted(by_domain.items()):
        (API / f"{domain}.md").write_text(page(domain, files), "utf-8")
    for point in entry_points(group="xianban.services"):
        name = f"{point.value.split('.')[0]}.hookspecs"
        if importlib.util.find_spec(name):
            (PLUGINS / f"{point.name}.md").write_text(hooks(name), "utf-8")
            carry(name)
    (PLUGINS / "manifest.md").write_text(manifest(), "utf-8")
    (PLUGINS / "quality.md").write_text(quality(), "utf-8")
    (ROOT / "docs" / "operations" / "metrics.md").write_text(metrics(), "utf-8")


if __name__ == "__main__":
    main()
