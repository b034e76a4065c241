"""`mlw prove`: do it again and compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwright.cli.bundle_view import is_bundle, prove_file
from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, mark
from mlwright.core.errors import ExitCode, UsageError
from mlwright.core.ids import Noun, noun_of, short

if TYPE_CHECKING:
    from mlwright.api.project import Project
    from mlwright.govern.records import Proof, ProvedStep

_MOST_SEEN = 5


@click.command()
@click.argument("ref")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="For 'audit' and bundles: a checkpoint held outside, against which the log is verified.",
)
@click.option(
    "--key", help="For a bundle: the key it has to be sealed by, or a file that holds it."
)
@click.option("--only-verify", is_flag=True, help="For a bundle: verify it and execute nothing.")
@click.option("--yes", is_flag=True, help="For a bundle: execute what it names without asking.")
@common
def command(
    ref: str,
    checkpoint: Path | None,
    key: str | None,
    only_verify: bool,
    yes: bool,
    output: Output,
) -> int:
    """Do REF again and compare.

    A model or run is trained again in a fresh process, the old model never opened; a step
    (r_…/STEP, or STEP of the last run) is done again on what was recorded of its inputs; data is
    read again; a prediction (p_…) is answered again from its record and compared bit by bit; a
    report or an export (its FILE, the FOLDER of a Delta table, or the event e_…) is written again
    and compared; for 'audit' the whole log and every object are verified; a bundle (FILE.mlw) is
    verified and its model made again, with no project around.

    Verdicts: exact (the same to the last bit), equivalent (within a stated tolerance, naming what
    differs) and different: the first step that differs is named, and the likely cause with the
    line of your code.

    Exits with 0 for exact and equivalent, 6 for different or a broken log.

    \b
    mlw prove churned@1
    mlw prove search          # one step, as the last run did it
    mlw prove p_aaaaaeaaac
    mlw prove churned.html
    mlw prove audit --checkpoint checkpoint.txt
    mlw prove churned@1.mlw --key project.key
    """
    if is_bundle(ref):
        proof = prove_file(
            ref, output, key=key, checkpoint=checkpoint, only_verify=only_verify, trusted=yes
        )
        return int(ExitCode.DONE) if proof is None else _tell(proof, output)
    _refuse_bundles_options(ref, key=key, only_verify=only_verify, yes=yes)
    with open_project(output) as project:
        if not output.as_json and (note := _announced(ref, project)):
            output.note(note)
        proof = project.prove(ref, checkpoint=checkpoint)
        return _tell(proof, output)


def _tell(proof: Proof, output: Output) -> int:
    """Print what doing it again showed, and return the exit code that says it."""
    if output.as_json:
        output.document(
            "prove",
            {
                "subject": proof.subject,
                "kind": proof.kind,
                "verdict": proof.verdict,
                "why": proof.why,
                "seconds": proof.seconds,
                "event": proof.event,
                "steps": proof.steps,
            },
        )
    else:
        head, slash, rest = proof.subject.partition("/")
        identity = short(head) + slash + rest
        if proof.event is None and proof.kind not in ("bundle", "log"):
            output.note("this project can only be read, so the proof is not in its log")
        output.line(f"{proof.kind} {identity}: {mark(proof.verdict.value)}. {proof.why}")
        output.table(
            ("step", "verdict", "then", "now", "seconds", "note"),
            (
                (
                    s.step,
                    s.verdict.value,
                    _cut(s.recorded),
                    _cut(s.replayed),
                    f"{s.seconds:.1f}",
                    s.why,
                )
                for s in proof.steps
            ),
        )
        for step in proof.steps:
            _tell_seen(step, output)
    different = proof.verdict.value == "different"
    return int(ExitCode.NOT_REPRODUCIBLE if different else ExitCode.DONE)


def _tell_seen(step: ProvedStep, output: Output) -> None:
    """Print what a step that differs was seen to take in, line by line."""
    for each in step.seen[:_MOST_SEEN]:
        output.line(f"  {step.step}  {each.file}:{each.line}  {each.text}")


def _refuse_bundles_options(ref: str, *, key: str | None, only_verify: bool, yes: bool) -> None:
    given = [n for n, v in (("--key", key), ("--only-verify", only_verify), ("--yes", yes)) if v]
    if given:
        raise UsageError(
            "prove-option",
            f"{given[0]} is for a bundle, a file that ends in .mlw, and {ref!r} is none",
            fix=f"leave it out: mlw prove {ref}",
            facts={"ref": ref, "options": given},
        )


def _announced(ref: str, project: Project) -> str | None:
    """Return what is about to be done, once it is known that ``ref`` can be done again."""
    from mlwright.flows.proving import AUDIT, file_of
    from mlwright.govern.why import resolve
    from mlwright.run.history import step_named

    if ref == AUDIT:
        return "verifying every event of the log and every object"
    ledger = project.workspace.ledger
    if (step := step_named(ref, ledger)) is not None:
        return f"doing step {step.step} of {short(step.run)} again, fed what was recorded"
    noun = noun_of(ref)
    if file_of(ref, project.workspace) is not None:
        return None
    if noun in (None, Noun.MODEL):
        version = project.find(ref).ref
        return f"making {version} again; this takes about as long as it took at first"
    if noun is Noun.PREDICTION:
        return None  # milliseconds
    found = short(resolve(ref, ledger))
    if noun is Noun.DATA:
        return f"reading every row of {found} again"
    if noun is Noun.RUN:
        return f"doing {found} again; this takes about as long as it took at first"
    return None


def _cut(digest: str | None) -> str:
    return (digest or "none").removeprefix("sha256:")[:12]
