"""`xianban plugin new`: a package to begin with, for any hook of any domain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from xianban_sdk.cli.console import console, print_json
from xianban_sdk.cli.options import Json
from xianban_sdk.cli.plugin.words import refuse, say
from xianban_sdk.hook_versions import deprecation_of
from xianban_sdk.plugins.domains import Domain, UnknownDomain, domain_names
from xianban_sdk.plugins.domains import domain as domain_named
from xianban_sdk.plugins.scaffold import Wish, write_plugin

__all__ = ["register"]

_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SEPARATORS: Final = re.compile(r"[-_. ]+")
_LONGEST: Final = 64
_VENDOR: Final = "My company"
_CONTACT: Final = "plugins@example.com"


def register(group: typer.Typer) -> None:
    """Adds the command."""
    group.command("new")(new)


def new(
    path: Annotated[Path, typer.Argument(help="The folder to write; its name becomes the id.")],
    domain: Annotated[str | None, typer.Option(help="The domain to extend, e.g. parking.")] = None,
    hook: Annotated[
        list[str] | None, typer.Option(help="The hook to implement; again for more of the domain.")
    ] = None,
    vendor: Annotated[str | None, typer.Option(help="Who makes it.")] = None,
    contact: Annotated[str | None, typer.Option(help="An e-mail or https address.")] = None,
    licence: Annotated[str | None, typer.Option(help="An SPDX expression.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Asks nothing; takes what is usual.")] = False,
    as_json: Json = False,
) -> None:
    """Writes a plugin that loads, is tested and documented; asks for what no flag says."""
    plugin_id = _id_of(path)
    chosen = _domain(domain, yes)
    wish = Wish(
        id=plugin_id,
        domain=chosen,
        hooks=_hooks(chosen, hook, yes),
        vendor=_asked("plugin-ask-vendor", vendor, _VENDOR, yes),
        contact=_asked("plugin-ask-contact", contact, _CONTACT, yes),
        licence=_asked("plugin-ask-licence", licence, "Apache-2.0", yes),
    )
    try:
        written = write_plugin(path, wish)
    except OSError as error:
        refuse("plugin-path-taken", path=str(path), why=error.strerror or "")
    _report(path, written, as_json)


def _report(path: Path, written: Sequence[Path], as_json: bool) -> None:
    if as_json:
        print_json({"path": str(path), "files": [str(f.relative_to(path)) for f in written]})
        return
    console.print(f"✓ {say('plugin-written', path=str(path))}", highlight=False)
    for file in written:
        console.print(f"  {file.relative_to(path)}", highlight=False)
    console.print(say("plugin-next", path=str(path)), highlight=False)


def _id_of(path: Path) -> str:
    """The folder's name as an id: "Acme_Meters" is "acme-meters"."""
    name = path.absolute().name
    found = _SEPARATORS.sub("-", name.lower()).strip("-")
    if not _ID.fullmatch(found) or len(found) > _LONGEST:
        refuse("plugin-bad-id", id=name)
    return found


def _domain(named: str | None, yes: bool) -> Domain:
    known = ", ".join(domain_names())
    if named is None:
        if yes:
            refuse("plugin-needs-flag", flag="--domain", known=known)
        named = str(typer.prompt(f"{say('plugin-ask-domain')} ({known})"))
    try:
        return domain_named(named)
    except UnknownDomain:
        refuse("plugin-no-domain", domain=named, known=known)


def _hooks(domain: Domain, named: list[str] | None, yes: bool) -> list[str]:
    known = ", ".join(domain.specs)
    if not named:
        if yes:
            refuse("plugin-needs-flag", flag="--hook", known=known)
        named = [str(typer.prompt(f"{say('plugin-ask-hook')} ({known})"))]
    for name in named:
        if name not in domain.specs:
            refuse("plugin-no-hook", hook=name, domain=domain.name, known=known)
        going = deprecation_of(domain.specs[name])
        if going is not None:
            told = {"removal": going.removal, "on": going.on.isoformat(), "use": going.use}
            console.print(f"! {say('found-deprecated', hook=name, **told)}", highlight=False)
    return list(dict.fromkeys(named))


def _asked(key: str, given: str | None, usual: str, yes: bool) -> str:
    text = given or (usual if yes else str(typer.prompt(say(key), default=usual)))
    if any(mark in text for mark in '"\\\n'):
        refuse("plugin-bad-text", text=text)
    return text
