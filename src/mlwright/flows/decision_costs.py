"""What automatic choices cost: rows nobody learns from, fits, seconds, bytes, and the metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mlwright.data.records import Part, Split
from mlwright.evaluate.explanation.records import Explanation
from mlwright.govern.card import number
from mlwright.govern.cost import duration, size
from mlwright.govern.pareto import smaller
from mlwright.stats.metrics import METRICS
from mlwright.train.records import Decision, Plan, Scored, SearchResult

_CONFIGURATION = "the configuration "
_BLEND = "a blend: "


def of_split(split: Split) -> str | None:
    """Return what a split costs: rows that no model learns from."""
    sealed = split.counts.get(Part.TEST.value, 0)
    if not sealed:
        return "every row is answered by searches that did not see it, each as long as the search"
    share = sealed / max(sum(split.counts.values()), 1)
    return f"{sealed:,} rows ({share:.0%}) teach no model"


def of_plan(plan: Plan, split: Split | None, seconds: Mapping[str, float]) -> str | None:
    """Return what carrying out a plan cost, and which rows it passed over."""
    said = [f"{duration(seconds['search'])} on the clock"] if "search" in seconds else []
    if split is not None:
        learned = sum(split.counts.values()) - split.counts.get(Part.TEST.value, 0)
        if plan.rows < learned:
            said.append(f"{learned - plan.rows:,} rows were in the last fit alone")
    return "; ".join(said) or None


def of_judging(plan: Plan, split: Split | None) -> str | None:
    """Return what judging the configurations costs: fits, or rows."""
    if plan.outer_folds:
        times = plan.outer_folds * max(plan.repeats, 1)
        return f"the whole search is made {times + 1:,} times"
    if plan.folds:
        return f"each configuration is fitted {plan.folds} times"
    if split is None:
        return None
    judging = split.counts.get(Part.VALIDATION.value, 0)
    return f"{judging:,} rows judge, and teach in the last fit alone"


def of_search(search: SearchResult) -> Iterator[Decision]:
    """Give the decisions of a search again with what each cost, and those about its price."""
    scored = {each.configuration.name: each for each in search.scored}
    chosen = scored.get(search.chosen.name)
    for each in search.decisions:
        if chosen is not None and each.what.startswith(_CONFIGURATION):
            yield replace(each, cost=_taken(chosen, search))
        elif chosen is not None and each.what.startswith(_BLEND):
            yield replace(each, cost=_blended(search, scored))
        else:
            yield each
    yield from _interpretable(search, scored)
    yield from _size(search, chosen)


def _taken(chosen: Scored, search: SearchResult) -> str | None:
    said = []
    if chosen.size is not None and chosen.row_seconds is not None:
        said.append(f"about {size(chosen.size)}")
        if chosen.row_seconds:
            said.append(f"{duration(chosen.row_seconds)} a row")
    best = _best(search)
    if best is not None and best.configuration.name != chosen.configuration.name:
        price = _given_up(best, chosen, search)
        said.append(f"{number(price)} of {search.metric} against {best.configuration.name}")
    return ", ".join(said) or None


def _blended(search: SearchResult, scored: Mapping[str, Scored]) -> str | None:
    names = [each.configuration.name for each in search.chosen.members]
    first = [scored[name] for name in names if name in scored and scored[name].size is not None]
    if not first:
        return None
    largest = max(first, key=lambda each: each.size or 0.0)
    return f"its largest member alone would be {size(largest.size or 0.0)}"


def _interpretable(search: SearchResult, scored: Mapping[str, Scored]) -> Iterator[Decision]:
    """Tell the price of the interpretable configuration, chosen or not."""
    plain = scored.get(search.interpretable)
    if plain is None or plain.configuration.algorithm == "dummy":
        return
    price = search.interpretable_price
    taken = search.chosen.name == search.interpretable
    less = METRICS[search.metric].greater_is_better
    if price == math.inf:
        cost = "it could not be compared"
    elif price <= 0:
        cost = "nothing: no other is better"
    else:
        cost = (
            f"{number(price)} of {search.metric}" if less else f"{price:.2%} more {search.metric}"
        )
    yield Decision(
        f"{search.interpretable}, whose answers a person can add up, was"
        f" {'chosen' if taken else 'not chosen'}",
        "it is chosen where it gives up no more than search.interpretable_within",
        "search.interpretable_within, --models",
        cost if taken else f"choosing it would cost {cost}",
    )


def _size(search: SearchResult, chosen: Scored | None) -> Iterator[Decision]:
    """Tell what a smaller model would have given up."""
    found = smaller(search)
    if found is None or chosen is None or chosen.size is None:
        return
    other, price = found
    less = METRICS[search.metric].greater_is_better
    word = ("less" if less else "more") if price >= 0 else ("more" if less else "less")
    yield Decision(
        f"a model of about {size(chosen.size)}",
        "the best is taken within search.size, whatever its bytes",
        "search.size",
        f"{other.configuration.name} with {size(other.size or 0.0)} would have given"
        f" {number(abs(price))} {word} {search.metric}",
    )


def of_explanation(found: Explanation, seconds: Mapping[str, float]) -> Decision | None:
    """Tell how much was looked at to say what the model goes by; None where nothing was."""
    if found.left_out is not None:
        return None
    columns = sum(math.isfinite(each.loss.value) for each in found.importances)
    return Decision(
        f"what it goes by is told from {found.rows:,} rows and {columns} shuffled columns",
        "a twentieth of the budget goes into it",
        "--budget",
        f"{duration(seconds['explanation'])} on the clock" if "explanation" in seconds else None,
    )


def _best(search: SearchResult) -> Scored | None:
    known = [each for each in search.scored if math.isfinite(each.validation)]
    sign = 1.0 if METRICS[search.metric].greater_is_better else -1.0
    return max(known, key=lambda each: sign * each.validation) if known else None


def _given_up(best: Scored, other: Scored, search: SearchResult) -> float:
    sign = 1.0 if METRICS[search.metric].greater_is_better else -1.0
    return sign * (best.validation - other.validation)
