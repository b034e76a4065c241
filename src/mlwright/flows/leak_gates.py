"""Leaks as gates: what was found becomes verdicts, and a failing one can be answered for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlwright.checks.judge import judge, waive
from mlwright.checks.records import Measured, Outcome, Rule, Scale, Term, Verdict, Waiver
from mlwright.core.errors import UsageError, nearest
from mlwright.core.quantities import Quantity
from mlwright.data.leaks.records import CHECKS, SHARES, Leak, LeakReport
from mlwright.ledger.records import NewEvent

WAIVED = "check.waived"


def leak_scales() -> Mapping[str, Scale]:
    """Return what each check's value can be."""
    share = Scale(Quantity.SHARE, 0.0, 1.0)
    return {check: share if check in SHARES else Scale(None, 0.0) for check in CHECKS}


def waivers_of(reasons: Mapping[str, str]) -> tuple[Waiver, ...]:
    """Return the waivers that stand in the settings: ``leak.target`` or ``leak.target(column)``.

    Raises
    ------
    UsageError
        ``waive-check`` for a check that is none, or that no person can answer for;
        ``reason-empty``.
    """
    found = []
    for key, reason in reasons.items():
        check, parenthesis, rest = key.partition("(")
        column = rest.removesuffix(")") if parenthesis else None
        if check not in CHECKS or (column is not None and check in SHARES):
            raise _no_waiver(key, check)
        if not reason.strip():
            raise UsageError(
                "reason-empty",
                f"the waiver of {key} gives no reason, and it is all that tells later why",
                fix=f'say it in a few words: --waive "{key}=…", or under [waive]',
                facts={"check": key},
            )
        found.append(Waiver(check, column, reason.strip()))
    return tuple(found)


def _no_waiver(key: str, check: str) -> UsageError:
    near = nearest(check, CHECKS)
    fix = f"did you mean {near}?" if near and near != check else "waive one of the checks below"
    why = "is no check of leaks; any other rule is changed under [checks] instead"
    if check in SHARES:
        why, fix = "is about rows, not about a column", f"waive {check}"
    return UsageError(
        "waive-check",
        f"{key!r} cannot be waived: {check} {why}",
        fix=fix,
        facts={"check": key, "nearest": near},
        looked=tuple(CHECKS),
    )


def judge_leaks(
    rules: Sequence[Rule], report: LeakReport, waivers: Sequence[Waiver], subject: str
) -> tuple[Verdict, ...]:
    """Return one verdict a rule, waived where every leak behind it was answered for."""
    looked = {each.check: each for each in report.looked}
    verdicts = []
    for verdict, rule in zip(judge(rules, _Values(report), subject), rules, strict=True):
        check = rule.term.name
        leaks = report.of(check)
        told = "; ".join(leak.why for leak in leaks) or looked[check].why
        verdict = replace(verdict, why=told)
        if verdict.outcome is Outcome.FAIL:
            verdict = _answered(verdict, leaks, [w for w in waivers if w.check == check])
        verdicts.append(verdict)
    return tuple(verdicts)


def _answered(verdict: Verdict, leaks: Sequence[Leak], waivers: Sequence[Waiver]) -> Verdict:
    whole = [waiver.reason for waiver in waivers if waiver.column is None]
    by_column = {waiver.column: waiver.reason for waiver in waivers if waiver.column is not None}
    if whole:
        return waive(verdict, whole[0])
    named = [leak.column for leak in leaks if leak.column is not None]
    if named and all(name in by_column for name in named):
        said = {name: by_column[name] for name in named}
        one = next(iter(said.values()))
        return waive(verdict, one if len(said) == 1 else _each(said))
    open_leaks = [leak for leak in leaks if leak.column not in by_column]
    if open_leaks and len(open_leaks) < len(leaks):
        answered = {name: by_column[name] for name in named if name in by_column}
        told = "; ".join(leak.why for leak in open_leaks)
        return replace(verdict, why=f"{told}; waived: {_each(answered)}")
    return verdict


def _each(reasons: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {reason}" for name, reason in reasons.items())


def waived_event(verdict: Verdict, report: LeakReport, model: str, run: str) -> NewEvent:
    """Return the record of a waiver: what was found, and the reason; the log adds who and when."""
    leaks = report.of(verdict.name)
    facts = {
        "check": verdict.id,
        "name": verdict.name,
        "rule": verdict.rule,
        "columns": [leak.column for leak in leaks if leak.column is not None],
        "found": [leak.why for leak in leaks],
        "reason": verdict.waiver,
        "run": run,
    }
    return NewEvent(WAIVED, model, facts, uses=(verdict.id, run))


class _Values:
    """Implements :class:`mlwright.checks.judge.Values` for leaks."""

    def __init__(self, report: LeakReport) -> None:
        self._values = {each.check: each.value for each in report.looked}

    def value(self, term: Term, name: str) -> Measured | None:  # noqa: ARG002 - the protocol
        """Return a check's value; None where it could not be asked."""
        found = None if term.function is not None else self._values.get(term.name)
        return None if found is None else Measured(found)

    def known(self) -> tuple[str, ...]:
        """Return every check."""
        return tuple(CHECKS)
