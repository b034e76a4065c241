"""Which configurations give the most for their bytes and their time a row, told and drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from mlwright.govern.card import interpretable, number
from mlwright.govern.cost import duration, size
from mlwright.govern.told import Figures, Told
from mlwright.stats.metrics import METRICS
from mlwright.train.records import Scored, SearchResult

_TITLE = "What quality costs"
_DUMMY = "dummy"
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 300, 70, 24, 34, 250
_LONGEST = 24


def told(search: SearchResult) -> Told | None:
    """Tell the configurations by quality, size and time a row; None where these are not known."""
    known = [each for each in search.scored if _is_known(each)]
    if not known:
        return None
    best = front(known, search.metric)
    chosen = _chosen(search)
    rows = tuple(_row(each, search, best) for each in _ordered(known, search.metric))
    metric = search.metric
    columns = (
        "configuration",
        "standing",
        f"{metric}, rows not trained on",
        f"{metric} given up",
        "bytes",
        "a row, foreseen",
    )
    return Told(
        _TITLE,
        _summary(search, chosen, best),
        (Figures("Configurations by what they give and take", columns, rows),),
        (
            "Worth having: no other is at least as good, as small and as quick, and better in one."
            f" Given up is against the best on rows not trained on; how far such scores are from"
            f" those of new rows, the interval of the {metric} above tells.",
            "Bytes and time are foreseen from each configuration's trees and leaves, the time"
            " without the preparation of the row; what was chosen is measured.",
        ),
        _chart(known, best, search),
    )


def front(scored: Sequence[Scored], metric: str) -> tuple[str, ...]:
    """Return the configurations that no other beats in quality, size and time together."""
    points = {each.configuration.name: _point(each, metric) for each in scored}

    def beaten(name: str) -> bool:
        mine = points[name]
        return any(
            other != mine and all(o >= m for o, m in zip(other, mine, strict=True))
            for other in points.values()
        )

    return tuple(name for name in points if not beaten(name))


def smaller(search: SearchResult) -> tuple[Scored, float] | None:
    """Return the best configuration of at most half the chosen one's bytes, and what it gives up.

    What is given up is in the metric: negative where the smaller one is the better.
    """
    chosen = _chosen(search)
    if chosen is None or chosen.size is None:
        return None
    few = [
        each
        for each in search.scored
        if _is_known(each)
        and each.configuration.algorithm != _DUMMY
        and (each.size or 0.0) <= chosen.size / 2
    ]
    if not few:
        return None
    found = max(few, key=lambda each: _sign(search.metric) * each.validation)
    return found, _sign(search.metric) * (chosen.validation - found.validation)


def _is_known(each: Scored) -> bool:
    return each.size is not None and math.isfinite(each.validation)


def _sign(metric: str) -> float:
    return 1.0 if METRICS[metric].greater_is_better else -1.0


def _point(each: Scored, metric: str) -> tuple[float, float, float]:
    return (_sign(metric) * each.validation, -(each.size or 0.0), -(each.row_seconds or 0.0))


def _ordered(scored: Sequence[Scored], metric: str) -> list[Scored]:
    return sorted(scored, key=lambda each: -_sign(metric) * each.validation)


def _chosen(search: SearchResult) -> Scored | None:
    named = [each for each in search.scored if each.configuration.name == search.chosen.name]
    return named[0] if named else None


def _summary(search: SearchResult, chosen: Scored | None, best: Sequence[str]) -> str:
    said = f"{len(best)} of {len(search.scored)} configurations are worth their bytes and time"
    if chosen is not None and _is_known(chosen):
        said = (
            f"the one chosen, {chosen.configuration.name}, gives {search.metric}"
            f" {number(chosen.validation)} for {size(chosen.size or 0.0)}"
        )
        found = smaller(search)
        if found is not None:
            other, price = found
            said += (
                f"; {other.configuration.name} with {size(other.size or 0.0)} gives"
                f" {number(abs(price))} {'less' if price >= 0 else 'more'}"
                if METRICS[search.metric].greater_is_better
                else f"; {other.configuration.name} with {size(other.size or 0.0)} loses"
                f" {number(abs(price))} {'more' if price >= 0 else 'less'}"
            )
    return f"{said}; {interpretable(search)}"


def _row(
    each: Scored, search: SearchResult, best: Sequence[str]
) -> tuple[str, str, float, float, str, str]:
    name = each.configuration.name
    marks = [
        word
        for word, holds in (
            ("chosen", name == search.chosen.name),
            ("interpretable", name == search.interpretable),
            ("worth having", name in best),
        )
        if holds
    ]
    sign = _sign(search.metric)
    most = max(sign * other.validation for other in search.scored if _is_known(other))
    return (
        name,
        ", ".join(marks),
        each.validation,
        most - sign * each.validation,
        size(each.size or 0.0),
        duration(each.row_seconds) if each.row_seconds else "under 1 µs",
    )


def _chart(scored: Sequence[Scored], best: Sequence[str], search: SearchResult) -> str:
    """Draw quality over bytes; the dummy is left out, for beside it all others look alike."""
    shown = [each for each in scored if each.configuration.algorithm != _DUMMY and each.size]
    if len(shown) < 2:
        return ""
    title = f"{search.metric} of the configurations over their bytes"
    sizes = [math.log10(each.size or 1.0) for each in shown]
    values = [each.validation for each in shown]
    across, up = _axis(sizes), _axis(values)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="chart"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f'<text x="0" y="16">{escape(title)}</text>'
    ]
    for value in (min(values), max(values)):
        y = _BOTTOM - (_BOTTOM - _TOP - 20) * up(value) - 10
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{value:.4g}</text>"
        )
    places = []
    for each, bytes_log, value in zip(shown, sizes, values, strict=True):
        name = each.configuration.name
        x = _LEFT + 20 + (_WIDTH - _LEFT - _RIGHT - 40) * across(bytes_log)
        y = _BOTTOM - (_BOTTOM - _TOP - 20) * up(value) - 10
        is_chosen = name == search.chosen.name
        kind = "strong" if name in best else "plain"
        said = f"{name}: {number(value)}, {size(each.size or 0.0)}"
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{7 if is_chosen else 4}">'
            f"<title>{escape(said)}</title></circle>"
        )
        if name in best or is_chosen:
            places.append((x, y, name + (" (chosen)" if is_chosen else "")))
    parts += _names(places)
    for count, place, anchor in (
        (min(sizes), _LEFT + 20, "start"), (max(sizes), _WIDTH - _RIGHT - 20, "end")
    ):  # fmt: skip
        parts.append(
            f'<text class="axis" x="{place}" y="{_BOTTOM + 20}" text-anchor="{anchor}">'
            f"{size(10**count)}</text>"
        )
    return "".join([*parts, "</svg>"])


def _axis(values: Sequence[float]) -> Callable[[float], float]:
    """Return the way from a value to its share of the way from the least to the most."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return lambda value: (value - low) / span


def _names(places: Sequence[tuple[float, float, str]]) -> list[str]:
    """Return names beside their points, but for those that would lie on another."""
    parts: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for x, y, name in sorted(places, key=lambda each: "(chosen)" not in each[2]):
        text = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        wide = 7.5 * len(text) + 12
        left = x - wide if x > _WIDTH * 0.6 else x
        if any(abs(y - other) < 15 and left < end and begin < left + wide
               for begin, end, other in taken):  # fmt: skip
            continue
        taken.append((left, left + wide, y))
        anchor, at = ("end", x - 10) if left < x else ("start", x + 10)
        parts.append(
            f'<text x="{at:.1f}" y="{y - 9:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        )
    return parts
