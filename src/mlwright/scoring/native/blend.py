"""A weighted sum of trees and linear scores, from the JSON that training writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, itemgetter
from typing import Any

import numpy as np

from mlwright.core.encoding import canonical_json
from mlwright.scoring.native.apart import terms_of
from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.lanes import Held, Lane, shares_of_two
from mlwright.scoring.native.lightgbm import LightgbmModel
from mlwright.scoring.native.linear import LinearModel
from mlwright.scoring.native.protocol import Matrix
from mlwright.stats.linear import shares_of, shares_of_row

_FORMAT = "mlwright/blend/1"
_LINKS = {1: "identity", 2: "logistic"}


class BlendModel:
    """Members whose scores add up; trees alone answer as their own text does."""

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        self._outputs = outputs
        self._features = features
        read = _read(content, _LINKS.get(outputs, "softmax"))
        self._members = [_Member(each, features, outputs) for each in read]
        first = self._members[0].model
        if len(self._members) == 1 and isinstance(first, LightgbmModel):
            self.row: Callable[[Sequence[float]], tuple[float, ...]] = first.row
            self.matrix: Callable[[Matrix], Matrix] = first.matrix
            self.lane: Callable[[Sequence[int]], Lane] = first.lane
        else:
            self.row, self.matrix, self.lane = self._row, self._matrix, self._lane

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the sums of the members' scores for one row."""
        return _sum([each.model.scores(each.pick(features)) for each in self._members])

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return what each feature adds to each score, the base last."""
        found: Matrix = self.terms_of(np.array([features], dtype=np.float64))[0]
        return found

    def terms_of(self, X: Matrix) -> Matrix:
        """Return the same of each row: rows x scores x (features + 1)."""
        total = np.zeros((len(X), self._outputs if self._outputs > 2 else 1, self._features + 1))
        for each in self._members:
            found = terms_of(each.model, each.own(X))
            where = each.places if each.places is not None else range(self._features)
            total[:, :, [*where, self._features]] += found
        return total

    def _row(self, features: Sequence[float]) -> tuple[float, ...]:
        return self._link(_sum([each.raw_row(each.pick(features)) for each in self._members]))

    def _link(self, scores: tuple[float, ...]) -> tuple[float, ...]:
        if self._outputs == 2:
            return shares_of_two(scores[0])
        return scores if self._outputs == 1 else shares_of_row(scores)

    def _lane(self, order: Sequence[int]) -> Lane:
        held = Held(order)
        view = held.view
        sums = [each.model.sums(*held.read(each.places)) for each in self._members]
        link = self._link

        def answer(packed: bytes) -> tuple[float, ...]:
            view[:] = packed
            return link(_sum([each() for each in sums]))

        return answer

    def _matrix(self, X: Matrix) -> Matrix:
        scores: Matrix = reduce(np.add, [each.raw_matrix(X) for each in self._members])
        if self._outputs == 1:
            return scores
        if self._outputs == 2:
            scores = np.hstack([np.zeros_like(scores), scores])
        return shares_of(scores)


class _Member:
    """One member, which reads the features at its places."""

    def __init__(self, read: Any, features: int, outputs: int) -> None:
        try:
            algorithm, self.places, content = read["algorithm"], read["places"], read["content"]
            own = features if self.places is None else len(self.places)
            if self.places and not all(0 <= place < features for place in self.places):
                raise predictor_broken(f"a member reads features beyond the {features}")
            self.model: LightgbmModel | LinearModel
            if algorithm == "lightgbm":
                self.model = LightgbmModel(content.encode(), features=own, outputs=outputs)
            elif algorithm == "linear":
                self.model = LinearModel(canonical_json(content), features=own, outputs=outputs)
            else:
                raise predictor_broken(f"a member's algorithm {algorithm!r} is not known")
        except (KeyError, TypeError, AttributeError) as error:
            raise predictor_broken("a member of the blend is not whole") from error
        self.raw_row = self.model.raw_row if isinstance(self.model, LightgbmModel) else (
            self.model.scores
        )  # fmt: skip
        self.pick = _picker(self.places)

    def raw_matrix(self, X: Matrix) -> Matrix:
        """Return rows x scores."""
        return self.model.raw_matrix(self.own(X))

    def own(self, X: Matrix) -> Matrix:
        """Return the features it reads of a matrix of all."""
        return X if self.places is None else np.ascontiguousarray(X[:, self.places])


def _sum(found: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    total, *others = found
    for other in others:
        total = tuple(map(add, total, other))
    return total


def _picker(places: Sequence[int] | None) -> Callable[[Sequence[float]], Sequence[float]]:
    if places is None:
        return lambda features: features
    if len(places) == 1:
        place = places[0]
        return lambda features: (features[place],)
    return itemgetter(*places)


def _read(content: bytes, link: str) -> list[Any]:
    try:
        read = json.loads(content)
        members = list(read["members"])
        known = read["format"] == _FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise predictor_broken("it is not the JSON of a blend") from error
    if not known or not members:
        raise predictor_broken(f"its format {read['format']!r} is not known, or it has no member")
    if read.get("link") != link:
        raise predictor_broken(f"its link {read.get('link')!r} is not that of its package")
    return members
