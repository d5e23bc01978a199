"""Import contracts of every installed package, so that a new service needs no line here.

Prints an import-linter configuration; `tools/check.sh` hands it to `lint-imports`.
"""

from __future__ import annotations

from configparser import ConfigParser
from importlib.metadata import entry_points
from importlib.util import find_spec
from sys import stdout

OURS = ("xianban.services", "xianban.processes")


def roots() -> tuple[list[str], list[str]]:
    """(services, all packages), found as the suite itself finds them."""
    found = {
        group: {point.value.split(".")[0] for point in entry_points(group=group)} for group in OURS
    }
    services = sorted(found["xianban.services"])
    return services, sorted({*services, *found["xianban.processes"]})


def rooms(packages: list[str], *names: str) -> list[str]:
    """The rooms of these names that the packages have."""
    wanted = [f"{package}.{name}" for package in packages for name in names]
    return [name for name in wanted if find_spec(name)]


def main() -> None:
    services, packages = roots()
    made = ConfigParser()
    made["importlinter"] = {
        "root_packages": _lines(["xianban_sdk", *packages]),
        "include_external_packages": "True",
    }
    made["importlinter:contract:services"] = {
        "name": "Services are independent of each other",
        "type": "independence",
        "modules": _lines(services),
    }
    made["importlinter:contract:sdk"] = {
        "name": "The SDK knows no service and no gateway",
        "type": "forbidden",
        "source_modules": "xianban_sdk",
        "forbidden_modules": _lines(packages),
    }
    made["importlinter:contract:domain"] = {
        "name": "The domain is pure",
        "type": "forbidden",
        "source_modules": _lines(rooms(services, "domain")),
        "forbidden_modules": _lines(
            ["grpc", "sqlalchemy", "kombu", "xianban", "xianban_sdk", "google"]
        ),
        # Marks alone: it needs nothing, and plugins import it with the hookspecs.
        "ignore_imports": "*.hookspecs -> xianban_sdk.carrying",
    }
    made["importlinter:contract:web"] = {
        "name": "Portal pages speak to services through generated clients only",
        "type": "forbidden",
        "source_modules": _lines(rooms(services, "web")),
        "forbidden_modules": _lines(
            ["sqlalchemy", *rooms(services, "domain", "repository", "handlers")]
        ),
        "allow_indirect_imports": "True",
    }
    made.write(stdout)


def _lines(names: list[str]) -> str:
    return "\n" + "\n".join(names)


if __name__ == "__main__":
    main()
