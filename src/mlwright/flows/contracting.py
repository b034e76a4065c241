"""The contract of a build: what was agreed before, each version in the log, and what outgrew it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.records import dump, load
from mlwright.data.contract import infer
from mlwright.data.records import (
    Agreement,
    Contract,
    FeatureContract,
    Profile,
    Snapshot,
    Terms,
)
from mlwright.flows.question import Question
from mlwright.flows.records import ContractVersion
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent

AGREED = "contract.agreed"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms of a contract to come, and the event of the version that they keep to."""

    terms: Terms
    event: str | None


def terms_of(workspace: Workspace, snapshot: Snapshot, question: Question, *, anew: bool) -> Agreed:
    """Return what the contract is made of beside the profile: stated lines, and what was agreed.

    Data that a contract was made of before is given the same terms as then, so that running it
    again changes nothing; ``anew`` leaves out what was agreed.
    """
    before = None if anew else _before(workspace, snapshot, question)
    if before is None:
        return Agreed(Terms(question.stated, None), None)
    contract = load(Contract, workspace.store.get(_digest(before)))
    agreement = Agreement(contract, tuple(key for key, _ in _stated(before)))
    return Agreed(Terms(question.stated, agreement), before.id)


def _before(workspace: Workspace, snapshot: Snapshot, question: Question) -> Event | None:
    made = _made(workspace.ledger, question.name, question.goal.target)
    for event in reversed(made):
        if (event.facts["data"], _stated(event)) == (snapshot.id, question.stated):
            before = event.facts["before"]
            return next((each for each in made if each.id == before), None)
    return made[-1] if made else None


def record_contract(
    workspace: Workspace,
    run: str,
    question: Question,
    snapshot: Snapshot,
    agreed: Agreed,
    contract: Contract,
) -> ContractVersion:
    """Record the version of a contract, once for each data version and its terms; return it."""
    digest = workspace.store.put(dump(contract))
    facts: dict[str, object] = {
        "name": question.name,
        "target": question.goal.target,
        "contract": digest,
        "stated": [list(line) for line in question.stated],
        "before": agreed.event,
        "data": snapshot.id,
    }
    known: list[Event] = []

    def decide(ledger: Ledger) -> Sequence[NewEvent]:
        made = _made(ledger, question.name, question.goal.target)
        known[:] = [e for e in made if all(e.facts[key] == facts[key] for key in facts)]
        if known:
            return ()
        same = [_number(event) for event in made if _digest(event) == digest]
        number = same[0] if same else max(map(_number, made), default=0) + 1
        told = {**facts, "version": number}
        return (NewEvent(AGREED, run, told, uses=(snapshot.id,), objects=(digest,)),)

    events = workspace.ledger.append_checked(decide)
    return _version((known or list(events))[-1], workspace.ledger)


def contract_version(name: str, contract: Contract, workspace: Workspace) -> ContractVersion | None:
    """Return which version of a name's contract this is; None for one made before there were."""
    digest = digest_bytes(dump(contract))
    found = [event for event in _made(workspace.ledger, name) if _digest(event) == digest]
    return _version(found[0], workspace.ledger) if found else None


def outgrown(
    contract: Contract, profile: Profile, target: str, stated: Collection[str] = ()
) -> tuple[str, ...]:
    """Return where rows go beyond what a contract promises, a sentence a column.

    Columns with ``stated`` lines are left out: checks judge them.
    """
    now = {feature.name: feature for feature in infer(profile, target).features}
    found = []
    for feature in contract.features:
        if feature.name in stated:
            continue
        told = list(_beyond(feature, now[feature.name])) if feature.name in now else []
        if told:
            found.append(f"{feature.name}: {', '.join(told)}")
    return tuple(found)


def _beyond(promise: FeatureContract, now: FeatureContract) -> Iterator[str]:
    if now.nullable and not promise.nullable:
        yield "empty cells"
    if promise.low is not None and promise.high is not None and now.low is not None:
        ends = cast(
            "tuple[float, float, float, float]", (promise.low, promise.high, now.low, now.high)
        )
        if ends[2] < ends[0] or ends[3] > ends[1]:
            yield f"{ends[2]:g} to {ends[3]:g}"
    if promise.categories is not None and now.categories is not None:
        new = [repr(each) for each in now.categories if each not in promise.categories]
        if new:
            more = f" and {len(new) - _MOST_NAMED} more" if len(new) > _MOST_NAMED else ""
            yield ", ".join(new[:_MOST_NAMED]) + more


def _made(ledger: Ledger, name: str, target: str | None = None) -> list[Event]:
    return [
        event
        for event in ledger.events(kind=AGREED)
        if event.facts["name"] == name and target in (None, event.facts["target"])
    ]


def _stated(event: Event) -> tuple[tuple[str, str], ...]:
    lines = cast("list[list[str]]", event.facts["stated"])
    return tuple((key, text) for key, text in lines)


def _digest(event: Event) -> Digest:
    return Digest(str(event.facts["contract"]))


def _number(event: Event) -> int:
    return cast("int", event.facts["version"])


def _version(event: Event, ledger: Ledger) -> ContractVersion:
    facts = event.facts
    made = {each.id: _number(each) for each in _made(ledger, str(facts["name"]))}
    return ContractVersion(
        name=str(facts["name"]),
        number=_number(event),
        digest=_digest(event),
        stated=_stated(event),
        kept_from=made.get(str(facts["before"])),
        data=str(facts["data"]),
        run=event.subject,
        time=event.time,
        actor=event.actor,
        event=event.id,
    )
