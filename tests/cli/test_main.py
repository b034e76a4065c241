"""The command line's promises that need no model: help, errors, exit codes, one JSON document."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from mlwright.cli.main import COMMANDS, mlw, run
from mlwright.core.errors import ExitCode

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Told:
    """Run a command in an empty folder and return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def tell(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return tell


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_help_is_built_and_explains_itself(name: str, told: Told) -> None:
    code, out, _ = told(name, "--help")

    assert code == ExitCode.DONE
    assert "Usage:" in out
    command = mlw.get_command(click.Context(mlw), name)
    assert command is not None
    assert command.help


def test_help_names_every_command(told: Told) -> None:
    code, out, _ = told("--help")

    assert code == ExitCode.DONE
    assert all(f"\n  {name} " in out for name in COMMANDS)


def test_a_mistyped_command_offers_the_nearest(told: Told) -> None:
    code, _, err = told("prvoe")

    assert code == ExitCode.USAGE
    assert "did you mean 'prove'?" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("prvoe",), "command-unknown", "prove"),
        (("audit", "chekpoint"), "command-unknown", "checkpoint"),
        (("run", "--targt", "x"), "option-unknown", "--target"),
        (("promote",), "argument-missing", "REF"),
        (("promote", "x", "--to", "live"), "argument-missing", "--reason"),
        (("ls", "moddels"), "argument-value", "models"),
        (("run", "a.csv", "b.csv"), "usage", "b.csv"),
        (("run", "a.csv", "--plan", "r_a", "--replan"), "options-contradict", "--plan"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_told_as_every_other_error(
    arguments: tuple[str, ...], code: str, said: str, told: Told
) -> None:
    exit_code, out, err = told(*arguments, "--json")
    _, nothing, text = told(*arguments)

    document = json.loads(out)
    assert (exit_code, err, nothing) == (ExitCode.USAGE, "", "")
    assert document["schema"] == "mlwright/error/1"
    assert document["error"]["code"] == code
    assert document["error"]["exit_code"] == ExitCode.USAGE
    assert said in document["error"]["message"]
    assert f"[{code}]" in text
    assert "--help" in document["error"]["fix"] or document["error"]["fix"].startswith("mlw ")


def test_an_error_in_json_is_one_document_with_code_fix_and_places_looked(told: Told) -> None:
    code, out, _ = told("why", "m_nothing", "--json")

    document = json.loads(out)
    assert code == ExitCode.NOT_FOUND
    assert document["schema"] == "mlwright/error/1"
    assert document["error"]["code"] == "project-unknown"
    assert document["error"]["fix"]
    assert document["error"]["looked"]


def test_a_command_without_a_project_makes_none(told: Told, tmp_path: Path) -> None:
    told("ls", "models")

    assert list(tmp_path.iterdir()) == []


def test_init_writes_a_spec_that_can_be_read_and_refuses_to_do_it_twice(
    told: Told, tmp_path: Path
) -> None:
    code, _, _ = told("init", "--target", 'a "quoted" name', "--source", "t.csv", "--name", "n")
    shown, out, _ = told("show", "settings", "--json")
    again, _, err = told("init")

    assert (code, shown, again) == (ExitCode.DONE, ExitCode.DONE, ExitCode.USAGE)
    settings = json.loads(out)["settings"]
    assert settings["target"] == {"value": 'a "quoted" name', "from": "mlwright.toml"}
    assert settings["data.source"]["value"] == "t.csv"
    assert settings["search.seed"]["from"] == "default"
    assert "project-exists" in err
    assert (tmp_path / "mlwright.toml").exists()


def test_a_setting_tells_whether_it_came_from_flag_environment_or_spec(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    told("init", "--target", "left")
    monkeypatch.setenv("MLWRIGHT_SEARCH_SEED", "7")

    _, out, _ = told("show", "settings", "--json")

    settings = json.loads(out)["settings"]
    assert settings["search.seed"]["value"] == 7
    assert "MLWRIGHT_SEARCH_SEED" in settings["search.seed"]["from"]


def test_an_empty_project_is_well_and_its_log_can_be_proved(told: Told) -> None:
    told("init")

    doctor, out, _ = told("doctor", "--rebuild", "--json")
    proved, _, _ = told("prove", "audit")

    assert (doctor, proved) == (ExitCode.DONE, ExitCode.DONE)
    assert json.loads(out)["well"] is True


def test_the_verifier_that_is_handed_out_imports_nothing_of_ours(told: Told) -> None:
    told("init")

    code, out, _ = told("audit", "verifier")

    assert code == ExitCode.DONE
    assert "import mlwright" not in out
    assert "from mlwright" not in out


def test_an_unexpected_fault_is_told_without_a_traceback(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("mlwright.api.project.Project.open", broken)

    code, out, err = told("ls", "--json")

    assert code == ExitCode.FAULT
    assert json.loads(out)["error"]["code"] == "fault"
    assert "Traceback" not in err


def test_an_interrupt_exits_with_130(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mlwright.api.project.Project.open", interrupted)

    code, _, err = told("ls")

    assert code == ExitCode.INTERRUPTED
    assert "goes on from there" in err


def test_an_interrupted_command_says_so_in_json_too(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mlw, "main", interrupted)

    code, out, _ = told("ls", "--json")

    assert (code, json.loads(out)["error"]["code"]) == (ExitCode.INTERRUPTED, "interrupted")


def test_a_key_that_cannot_be_written_is_told_as_that_and_not_as_a_fault_of_ours(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    told("init")
    told("doctor", "--rebuild")
    with monkeypatch.context() as patched:
        patched.setattr("mlwright.core.files.os.open", refused)
        code, _, err = told("audit", "verifier", "--out", "verifier.py")

    assert code == ExitCode.FAULT
    assert "[permission-denied]" in err
