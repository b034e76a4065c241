"""Make a queue: find the data, the question and the model, then choose the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, cast

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError, UsageError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import dump, load
from mlwright.data.labels.records import Choice, Queue
from mlwright.data.records import Snapshot, Split
from mlwright.data.split import sealed
from mlwright.data.table import read
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.labelling import stages
from mlwright.flows.labelling.answered import queue_of_answers
from mlwright.flows.labelling.guidelines import guideline_object
from mlwright.flows.labelling.records import Asked, QueueStanding
from mlwright.flows.labelling.standing import QUEUED, name_of, standing
from mlwright.flows.question import ask, check_columns
from mlwright.flows.records import SearchRule
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find, versions
from mlwright.run.engine import Runner
from mlwright.run.environments.record import machine_class
from mlwright.scoring.records import ModelPackage
from mlwright.train.portfolio import PORTFOLIO, with_trees
from mlwright.train.records import Plan
from mlwright.train.task import infer_task

R = TypeVar("R")

FOLDS = 5
SHARES = {"wrong": 0.4, "uncertain": 0.4, "control": 0.2}
SIZE = 100
_TREES = 0.25
"""The share of a configuration's trees where no model tells how many it needs: 100 of them."""


def make_queue(
    workspace: Workspace,
    what: str,
    *,
    size: int = SIZE,
    people: Sequence[str] = (),
    wanted: int | None = None,
    shares: Mapping[str, float] | None = None,
    seed: int | None = None,
    guideline: bytes | None = None,
    answered: bool = False,
) -> QueueStanding:
    """Choose rows of a data version, or what an endpoint answered, for people to label.

    Parameters
    ----------
    what
        A model, whose data is meant, or a data id, whose newest model is taken where there is one.
    people
        Who may answer; anybody where none is named.
    wanted
        How many people answer each row: all that are named, else two.
    shares
        How much of the queue is ``wrong``, ``uncertain`` and ``control``.
    seed
        Draws the control and each person's order; a fresh one by default.
    guideline
        The text the annotators go by.
    answered
        Choose from the recorded predictions of the endpoint ``what``.

    Raises
    ------
    UsageError
        ``queue-shares``, ``annotators-form``; ``target-missing`` where nothing tells the question.
    DataError
        ``queue-empty`` where no row has a label to learn from; what the task is refused for.
    """
    workspace.ledger.require_writable()
    _check_people(people, wanted)
    drawn = int.from_bytes(workspace.seam.random_bytes(4)) if seed is None else seed
    data = data_of(workspace, what)
    choice = _choice(size, shares or SHARES, drawn, tuple(_asked_before(workspace, data)))
    text = None if guideline is None else guideline_object(guideline, workspace)
    if answered:
        chosen, live = queue_of_answers(workspace, what, choice)
        return standing(_record(workspace, chosen, "", live, people, wanted, text), workspace)
    snapshot, version, asked = subject_of(workspace, what)
    runner = Runner(workspace.store, workspace.ledger, workspace.seam)
    inputs = {
        "snapshot": snapshot,
        "asked": asked,
        "choice": choice,
        "model": version.ref if version else "",
    }
    run = runner.start("label queue", inputs=inputs)
    with runner.recording():
        made = runner.execute(stages.ALL, inputs=inputs, resources={"store": workspace.store})
        queue = cast("Queue", made["queue"])
        name = _record(workspace, queue, run, version, people, wanted, text)
        runner.finish("finished", {"queue": name})
    return standing(name, workspace)


def _check_people(people: Sequence[str], wanted: int | None) -> None:
    twice = [name for name in people if list(people).count(name) > 1 or not name.strip()]
    if twice or (people and wanted is not None and wanted > len(people)):
        raise UsageError(
            "annotators-form",
            f"{wanted} answers a row are more than the {len(people)} annotators named"
            if not twice
            else f"the annotator {twice[0]!r} is named twice, or has no name",
            fix="name each annotator once: --annotators ana,ben",
            facts={"annotators": list(people), "wanted": wanted},
        )


def _choice(size: int, shares: Mapping[str, float], seed: int, asked: tuple[str, ...]) -> Choice:
    given = {name: shares.get(name, 0.0) for name in SHARES}
    total = sum(given.values())
    if set(shares) - set(SHARES) or total <= 0 or min(given.values()) < 0:
        raise UsageError(
            "queue-shares",
            f"the shares {dict(shares)} are no parts of a queue",
            fix="give parts of wrong, uncertain and control, such as --share control=50%",
            facts={"shares": dict(shares)},
        )
    parts = {name: part / total for name, part in given.items()}
    return Choice(size, parts["wrong"], parts["uncertain"], parts["control"], seed, asked)


def subject_of(workspace: Workspace, what: str) -> tuple[Snapshot, ModelVersion | None, Asked]:
    """Return the data behind a model or a data id, its newest model, and what is asked of it."""
    data = data_of(workspace, what)
    if noun_of(what) is Noun.DATA:
        of_data = [v for v in versions(workspace.ledger) if v.data == data]
        version = of_data[-1] if of_data else None
    else:
        version = find(workspace.ledger, what)
    snapshot = snapshot_of(data, workspace)
    splits = splits_of(data, workspace)
    if version is not None:
        return snapshot, version, _asked_of(version, splits, workspace)
    return snapshot, None, _asked_afresh(snapshot, splits, workspace)


def data_of(workspace: Workspace, what: str) -> str:
    """Return the data id behind a model, or behind the beginning of one."""
    if noun_of(what) is Noun.DATA:
        return resolve(what, workspace.ledger)
    return find(workspace.ledger, what).data


def splits_of(data: str, workspace: Workspace) -> tuple[Split, ...]:
    """Return every split made of a data version, or of one it was derived from.

    A derived version keeps its rows' ids, so what was sealed stays sealed.
    """
    family = {data, *_ancestors(data, workspace.ledger)}
    digests = dict.fromkeys(
        Digest(str(event.facts["split"]))
        for event in workspace.ledger.events(kind="split.made")
        if event.facts["data"] in family
    )
    return tuple(load(Split, workspace.store.get(digest)) for digest in digests)


def _ancestors(data: str, ledger: Ledger) -> Iterator[str]:
    for parent in ledger.uses(data):
        if noun_of(parent) is Noun.DATA and parent != data:
            yield parent
            yield from _ancestors(parent, ledger)


def _asked_of(version: ModelVersion, splits: tuple[Split, ...], workspace: Workspace) -> Asked:
    """Return the question a model answers, with the configuration it was fitted with."""
    package = load(ModelPackage, workspace.store.get(version.package))
    plan = _input(version.run, "plan", Plan, workspace)
    rule = _input(version.run, "rule", SearchRule, workspace)
    return Asked(splits, package.task, plan, rule.drop, package.configuration, FOLDS)


def _input(run: str, name: str, kind: type[R], workspace: Workspace) -> R:
    started = next(iter(workspace.ledger.events(subject=run)))
    inputs = cast("Mapping[str, str]", started.facts["inputs"])
    return load(kind, workspace.store.get(Digest(inputs[name])))


def _asked_afresh(snapshot: Snapshot, splits: tuple[Split, ...], workspace: Workspace) -> Asked:
    """Return the spec's question, with trees of a usual size."""
    question = ask(workspace.settings, ())
    check_columns(question, snapshot)
    table = read(snapshot, workspace.store)
    seen = table.filter(~sealed(table, splits))
    task = infer_task(seen.frame, question.goal.target, question.goal.task, question.goal.metric)
    (trees,) = (each for each in PORTFOLIO if each.name == "trees")
    configuration = with_trees(trees, _TREES)
    plan = Plan(
        configurations=(configuration,),
        rows=snapshot.rows,
        folds=FOLDS,
        outer_folds=0,
        repeats=0,
        threads=1,
        seed=question.roles.seed,
        budget_seconds=0.0,
        machine=machine_class(),
        measured={},
        unit=question.roles.group,
        time=question.roles.time,
    )
    return Asked(splits, task, plan, question.rule.drop, configuration, FOLDS)


def _asked_before(workspace: Workspace, data: str) -> Iterator[str]:
    """Give the rows of a data version that an earlier queue holds already."""
    for event in workspace.ledger.events(kind=QUEUED):
        if event.facts["data"] == data:
            queue = load(Queue, workspace.store.get(Digest(str(event.facts["queue"]))))
            yield from (each.row for each in queue.rows)


def _record(
    workspace: Workspace,
    queue: Queue,
    run: str,
    version: ModelVersion | None,
    people: Sequence[str],
    wanted: int | None,
    guideline: Digest | None,
) -> str:
    if not queue.rows:
        raise DataError(
            "queue-empty",
            f"no row of {queue.data} is left to ask about: {queue.labelled:,} have a label",
            fix="give a share of control, or another data version",
            facts={"data": queue.data, "labelled": queue.labelled},
        )
    content = workspace.store.put(dump(queue))

    def decide(log: Ledger) -> Sequence[NewEvent]:
        number = sum(1 for _ in log.events(kind=QUEUED)) + 1
        facts = {
            "queue": content,
            "data": queue.data,
            "model": queue.model,
            "answered": queue.answered,
            "package": version.package if version else None,
            "target": queue.target,
            "rows": len(queue.rows),
            "run": run,
            "annotators": list(people),
            "wanted": wanted or len(people) or 2,
            "guideline": guideline,
        }
        made_by = (run,) if run else ()
        uses = (queue.data, *made_by, *((version.model,) if version else ()))
        objects = (content,) if guideline is None else (content, guideline)
        return (NewEvent(QUEUED, name_of(number), facts, uses=uses, objects=objects),)

    (event,) = workspace.ledger.append_checked(decide)
    return event.subject
