"""Writes docs/api and docs/plugins from protos and hookspecs; `make check` fails on drift."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from xianban.common.v1 import options_pb2

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


def hooks(module_name: str) -> str:
    module = importlib.import_module(module_name)
    domain = module_name.removeprefix("xianban_").removesuffix(".hookspecs")
    lines = [f"# Plugin hooks: {domain}\n\n{inspect.getdoc(module)}\n"]
    for name in module.__all__:
        thing = getattr(module, name)
        if name in {"hookimpl", "hookspec"}:
            continue
        if inspect.isclass(thing):
            lines.append(f"\n## {name}\n\n```python\n{inspect.getsource(thing).strip()}\n```")
        else:
            signature = inspect.signature(thing)
            lines.append(f"\n## hook `{name}`\n\n`{name}{signature}`\n\n{inspect.getdoc(thing)}")
    return "\n".join(lines) + "\n"


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


if __name__ == "__main__":
    main()
