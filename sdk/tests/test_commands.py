"""The program loads the command that is called; by hand one finds them all."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner
from xianban_sdk.cli.commands import COMMANDS, command_line


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_is_known_by_its_module(module: str) -> None:
    app = typer.Typer()
    import_module(f"xianban_sdk.cli.{module}").register(app)
    commands = [one.name for one in app.registered_commands]
    assert COMMANDS[module] == (*commands, *(one.name for one in app.registered_groups))


def test_help_names_all_of_them_and_those_of_packages() -> None:
    said = CliRunner().invoke(command_line("--help"), ["--help"], env={"COLUMNS": "100"}).stdout
    shown = {name for names in COMMANDS.values() for name in names} - {"process"}
    assert all(f" {name} " in said for name in (*shown, "token"))


def test_an_unknown_command_is_refused_by_name() -> None:
    done = CliRunner().invoke(command_line("serv"), ["serv"])
    assert (done.exit_code, "serv" in done.stderr) == (2, True)


def test_a_process_of_the_suite_loads_no_other_commands() -> None:
    looks = "import sys; sys.argv[1:] = ['process', 'none']; from xianban_sdk.cli import main\n"
    looks += "try: main()\nexcept SystemExit: print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
