"""Runs that people log to from their own code: begun, looked for, and read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from mlwright.core.errors import NotFoundError, UsageError, nearest
from mlwright.core.ids import Noun, noun_of
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.questions import Compared, Condition, Field, Has, Not, RunRow, Together
from mlwright.ledger.searching import find_runs, names_of
from mlwright.run.points import Series
from mlwright.run.tracking.begin import begin
from mlwright.run.tracking.reading import logged, newest_kept, points
from mlwright.run.tracking.records import KeptFile, Logged
from mlwright.run.tracking.values import params_of, tags_of, text_of
from mlwright.run.tracking.where import parse_sort, parse_where
from mlwright.run.tracking.writer import Writer

_KNOWN = 2_000
_COLUMNS = 5  # of metrics, and of parameters, that fit beside each other


def begin_run(
    workspace: Workspace,
    *,
    name: str | None,
    params: object,
    tags: Mapping[str, object],
    note: str | None,
    uses: Sequence[str],
    folder: Path,
) -> str:
    """Begin a run and return its id.

    Raises
    ------
    UsageError
        ``param-name``, ``param-value``, ``param-many``, ``tag-name``, ``tag-value``, ``text-form``.
    NotFoundError
        ``id-unknown`` for what it is said to use.
    """
    workspace.ledger.require_writable()
    return begin(
        workspace.store,
        workspace.ledger,
        workspace.seam,
        name="" if name is None else text_of(name, "name")[:200],
        params={} if params is None else params_of(params),
        tags=tags_of(tags),
        note=None if note is None else text_of(note, "note"),
        uses=_resolved(uses, workspace.ledger),
        folder=folder,
    )


def writer_of(workspace: Workspace, run: str) -> Writer:
    """Return what writes to a run that was begun before, maybe by another process.

    Raises
    ------
    NotFoundError
        ``run-unknown``
    UsageError
        ``run-ended`` when it ended already.
    """
    found = found_run(workspace.ledger, run)
    if found.status != "open":
        raise UsageError(
            "run-ended",
            f"the run {found.id} is {found.status}: nothing is added to it",
            fix="begin another: mw.track(name)",
            facts={"run": found.id, "status": found.status},
        )
    return Writer(workspace.store, workspace.ledger, workspace.seam, found.id)


def found_run(ledger: Ledger, ref: str) -> RunRow:
    """Return the run an id, or the beginning of one, is of.

    Raises
    ------
    NotFoundError
        ``run-unknown``
    """
    among = ledger.resolve(ref) if noun_of(ref) is Noun.RUN else ()
    condition = Compared(Field("run", "id"), "=", among[0]) if len(among) == 1 else None
    found = [] if condition is None else find_runs(ledger.database, condition, limit=1)
    if found:
        return found[0]
    raise NotFoundError(
        "run-unknown",
        f"{ref!r} is the start of {len(among)} ids"
        if len(among) > 1
        else f"there is no run {ref[:80]!r}",
        fix="mlw ls runs lists them",
        facts={"run": ref[:80], "candidates": list(among)},
        looked=[f"the {ledger.size:,} events of this project's ledger"],
    )


def search_runs(
    ledger: Ledger,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int,
    after: str | None = None,
) -> Sequence[RunRow] | None:
    """Return runs that meet a condition, in an order, else newest first.

    Parameters
    ----------
    after
        The id of a run; those that follow it are returned, None when it is not among them.

    Raises
    ------
    UsageError
        ``where-syntax``
    """
    condition = parse_where(where) if where and where.strip() else None
    order = parse_sort(sort) if sort and sort.strip() else ()
    return find_runs(ledger.database, condition, order, limit=limit, after=after)


def asked_of(where: str | None, sort: str | None) -> tuple[Field, ...]:
    """Return the metrics, parameters and tags that a condition and an order speak of, each once."""
    found: list[Field] = []
    if sort and sort.strip():
        found += [order.field for order in parse_sort(sort)]
    if where and where.strip():
        found += _fields(parse_where(where))
    return tuple(dict.fromkeys(field for field in found if field.of != "run"))


def not_there(ledger: Ledger, fields: Iterable[Field]) -> tuple[str, ...]:
    """Tell of each metric, parameter and tag that no run has, with the nearest that some have."""
    told = []
    for field in fields:
        known = names_of(ledger.database, field.of, _KNOWN)
        if field.name not in known:
            near = nearest(field.name, known)
            hint = f"; did you mean {near!r}?" if near else ""
            told.append(f"no run has a {field.of} {field.name!r}{hint}")
    return tuple(told)


def columns_of(
    of: str, asked: Sequence[Field], rows: Sequence[Mapping[str, object]], most: int = _COLUMNS
) -> list[str]:
    """Return the names of metrics or parameters worth a column.

    First what was asked for; then what most runs have and, of parameters, differ in.
    """
    names = [field.name for field in asked if f"{field.of}s" == of]
    held = [cast("Mapping[str, object]", row[of]) for row in rows]
    counts: dict[str, int] = {}
    for each in held:
        for name in each:
            counts[name] = counts.get(name, 0) + 1
    common = sorted(counts, key=lambda name: -counts[name])
    for name in common:
        same = len({repr(each.get(name)) for each in held}) == 1
        if name not in names and not (of == "params" and same and len(held) > 1):
            names.append(name)
    return names[:most]


def run_log(workspace: Workspace, ref: str) -> Logged:
    """Return what was logged in a run."""
    return logged(workspace.ledger, found_run(workspace.ledger, ref).id)


def run_points(
    workspace: Workspace, ref: str, metrics: Sequence[str] | None = None
) -> dict[str, Series]:
    """Return the points of a run's metrics, of all or of those named, each by step."""
    return points(workspace.ledger, workspace.store, found_run(workspace.ledger, ref).id, metrics)


def run_file(workspace: Workspace, ref: str, name: str) -> tuple[KeptFile, bytes]:
    """Return something a run kept, and its bytes."""
    kept = newest_kept(workspace.ledger, found_run(workspace.ledger, ref).id, name)
    return kept, workspace.store.get(kept.object)


def _fields(condition: Condition) -> Iterator[Field]:
    match condition:
        case Compared(field=field) | Has(field=field):
            yield field
        case Not(part=part):
            yield from _fields(part)
        case Together(parts=parts):
            for part in parts:
                yield from _fields(part)


def _resolved(ids: Sequence[str], ledger: Ledger) -> tuple[str, ...]:
    if not ids:
        return ()
    from mlwright.govern.why import resolve

    return tuple(dict.fromkeys(resolve(each, ledger) for each in ids))
