"""The entry point: one group of commands, errors turned into words and exit codes."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback

import click

from mlwright import __version__
from mlwright.cli.group import LazyGroup
from mlwright.cli.output import say
from mlwright.cli.usage import told
from mlwright.core.errors import ExitCode, MlwrightError, StoppedError, UsageError

COMMANDS = {
    "init": "Make a project here.",
    "run": "Train, judge and register a model from a table and a question.",
    "eval": "Look further into a model: every finding, judged by its rules.",
    "data": "Bring tables in, and look after their versions.",
    "check": "Look a table through for faults, and hold rules against it.",
    "show": "Show a model, run, data version, check or event, or the settings.",
    "ls": "List models, runs, data, checks, events, endpoints or steps.",
    "diff": "Compare two data versions, two runs or two models.",
    "why": "Explain an id, a model, a step or a row, back to the data and the people.",
    "prove": "Do it again and compare: a model, run, data, prediction, bundle, or the audit log.",
    "at": "Tell who was live at a date, and who made it so.",
    "promote": "Make a model version live.",
    "rollback": "Go back to the version that was live before.",
    "serve": "Answer over HTTP for the models that are live.",
    "predict": "Score a file with a model.",
    "label": "Have people label rows, blind and agreed, and keep what they settle.",
    "report": "Write a model's report as one HTML page.",
    "ui": "Serve the pages: what is well, models, predictions, proofs.",
    "bundle": "Hand a model over in one file that is proved elsewhere.",
    "export": "Write out what a run was done with: its code, its environment.",
    "audit": "Hand out what an auditor needs to verify the log.",
    "doctor": "Check the project's health; rebuild what can be rebuilt.",
    "demo": "Run the whole job on real flights and show it.",
}

_RAISED_BY = "raised by step"
"""Begins the note on an error of the user's own code: the one that the runner writes."""

_PLACES = 4
"""How many places that were looked at a person is told."""


@click.group(
    cls=LazyGroup,
    commands_help=COMMANDS,
    package="mlwright.cli.commands",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Start with:  mlw run customers.csv --target churned
More:        mlw COMMAND --help; with --json each gives one document on stdout""",
)
@click.version_option(__version__, message="mlwright %(version)s")
def mlw() -> None:
    """From a table and a question to a model that can answer for itself."""


def main() -> None:
    """Run the command line and leave with the exit code its contract names."""
    # Asked to end, a run says in its log that it was interrupted, as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; nothing a user can meet escapes as a traceback."""
    as_json = "--json" in arguments
    try:
        result = mlw.main(args=arguments, prog_name="mlw", standalone_mode=False)
    except MlwrightError as error:
        _tell(error, as_json=as_json)
        return int(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return int(ExitCode.USAGE)
    except click.ClickException as error:
        _tell(told(error), as_json=as_json)
        return int(ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        stopped = _interrupted()
        if as_json:
            _tell(stopped, as_json=True)
        else:
            say(f"{stopped.message}: {stopped.fix}", err=True)
        return int(stopped.exit_code)
    except BrokenPipeError:
        # The reader went away (mlw ls | head): not our fault, and nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except Exception as error:  # noqa: BLE001  the top of the process: it tells what it caught
        unexpected = _unexpected(error)
        _tell(unexpected, as_json=as_json)
        if "-v" in arguments or "--verbose" in arguments:
            traceback.print_exc()
        return int(unexpected.exit_code)
    return result if isinstance(result, int) else int(ExitCode.DONE)


def _interrupted() -> StoppedError:
    return StoppedError(
        "interrupted",
        "interrupted; what was finished is kept",
        fix="the same command goes on from there",
    )


def _unexpected(error: Exception) -> MlwrightError:
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(_RAISED_BY)]
    if notes:
        return UsageError(
            "step-raised",
            f"{type(error).__name__}: {error}; {notes[0]}",
            fix="correct the step and run again: what was done before it is kept; -v prints where",
            facts={"type": type(error).__name__},
        )
    return MlwrightError(
        "fault",
        f"a fault of ours: {type(error).__name__}: {error}",
        fix="run it again with -v for the traceback, and report it with that",
        facts={"type": type(error).__name__},
    )


def _tell(error: MlwrightError, *, as_json: bool) -> None:
    if as_json:
        document = {
            "schema": "mlwright/error/1",
            "error": {
                "code": error.code,
                "message": error.message,
                "fix": error.fix,
                "facts": error.facts,
                "looked": list(error.looked),
                "exit_code": int(error.exit_code),
            },
        }
        say(json.dumps(document, default=str, ensure_ascii=False))
        return
    say(f"{click.style('error', fg='red', bold=True)} [{error.code}] {error.message}", err=True)
    for place in error.looked[:_PLACES]:
        say(f"  looked at {place}", err=True)
    if len(error.looked) > _PLACES:
        say(f"  and at {len(error.looked) - _PLACES} more places; --json names them", err=True)
    say(f"  {click.style('next', bold=True)}: {error.fix}", err=True)
