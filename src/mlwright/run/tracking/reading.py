"""What was logged in a run, read from its events and their objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError, nearest
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event
from mlwright.ledger.run_tables import NOTED, POINTS
from mlwright.ledger.searching import find_params, summaries_of
from mlwright.run.points import Batch, Series, batch_of, joined
from mlwright.run.tracking.events import KEPT
from mlwright.run.tracking.records import KeptFile, Logged, Note
from mlwright.store.protocol import Store


def logged(ledger: Ledger, run: str) -> Logged:
    """Return what was logged in a run; its points are read by :func:`points`."""
    events = list(ledger.events(subject=run))
    params, tags = find_params(ledger.database, run)
    return Logged(
        params=params,
        tags=tags,
        metrics=summaries_of(ledger.database, run),
        notes=tuple(
            Note(str(each.facts["note"]), each.time, each.actor)
            for each in events
            if each.kind == NOTED and "note" in each.facts
        ),
        kept=tuple(kept_file(event) for event in events if event.kind == KEPT),
    )


def points(
    ledger: Ledger, store: Store, run: str, metrics: Sequence[str] | None = None
) -> dict[str, Series]:
    """Return the points of a run's metrics, of all or of those named, each by step.

    Raises
    ------
    NotFoundError
        ``run-metric-unknown`` for one the run does not have, naming the nearest.
    """
    known = summaries_of(ledger.database, run)
    for name in metrics or ():
        if name not in known:
            near = nearest(name, known)
            raise NotFoundError(
                "run-metric-unknown",
                f"the run has no metric {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                fix=f"mlw show {run} lists what was logged in it",
                facts={"run": run, "metric": name, "nearest": near},
                looked=[f"{len(known):,} metrics of the run"],
            )
    wanted = None if metrics is None else set(metrics)
    found = joined(_batches(ledger, store, run, wanted))
    return {name: found[name] for name in sorted(found) if wanted is None or name in wanted}


def points_of_step(ledger: Ledger, store: Store, run: str, step: str) -> dict[str, Series]:
    """Return the points that a step of a run logged, by the names it gave them."""
    scope = f"{step}/"
    names = [name for name in summaries_of(ledger.database, run) if name.startswith(scope)]
    return {n.removeprefix(scope): each for n, each in points(ledger, store, run, names).items()}


def kept_file(event: Event) -> KeptFile:
    """Return the file that an event tells of."""
    facts = event.facts
    return KeptFile(
        name=str(facts["name"]),
        media=str(facts["media"]),
        size=cast("int", facts["size"]),
        object=Digest(str(facts["object"])),
        step=cast("int | None", facts["step"]),
        time=event.time,
    )


def newest_kept(ledger: Ledger, run: str, name: str) -> KeptFile:
    """Return what a run kept under a name, the newest where it did so several times.

    Raises
    ------
    NotFoundError
        ``artefact-unknown``, naming the nearest.
    """
    kept = [kept_file(e) for e in ledger.events(subject=run) if e.kind == KEPT]
    for each in reversed(kept):
        if each.name == name:
            return each
    near = nearest(name, dict.fromkeys(each.name for each in kept))
    raise NotFoundError(
        "artefact-unknown",
        f"the run kept nothing named {name[:80]!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"mlw show {run} lists what it kept",
        facts={"run": run, "name": name[:80], "nearest": near},
        looked=[f"{len(kept):,} files of the run"],
    )


def _batches(ledger: Ledger, store: Store, run: str, wanted: set[str] | None) -> Iterator[Batch]:
    for event in ledger.events(subject=run):
        told = {**_names(event, "points"), **_names(event, "metrics")}
        if (event.kind == POINTS or "points" in event.facts) and (
            told if wanted is None else wanted & told.keys()
        ):
            yield batch_of(event.facts, store.get)


def _names(event: Event, what: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", event.facts.get(what, {}))
