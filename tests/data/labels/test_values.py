"""An answer as people type or send it is the value of the target that it means, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlwright.core.errors import DataError
from mlwright.data.labels.order import order_of
from mlwright.data.labels.records import Origin, Queue, QueuedRow
from mlwright.data.labels.values import read_value
from mlwright.data.records import Kind, Scalar

ROWS = tuple(QueuedRow(f"r{place}", Origin.CONTROL, None, None, 0.0, ()) for place in range(40))
QUEUE = Queue("d_a", None, "y", Kind.STRING, (), (), ROWS, 40, 0, 0, 0, 1)


def asking(kind: Kind, *classes: Scalar) -> Queue:
    return replace(QUEUE, kind=kind, classes=classes)


@pytest.mark.parametrize(
    ("queue", "given", "meant"),
    [
        (asking(Kind.STRING, "No", "Yes"), "Yes", "Yes"),
        (asking(Kind.STRING, "No", "Yes"), " yes ", "Yes"),
        (asking(Kind.STRING, "1", "2"), "1", "1"),
        (asking(Kind.BOOLEAN, False, True), "true", True),
        (asking(Kind.BOOLEAN, False, True), True, True),
        (asking(Kind.INTEGER, 0, 1), "1", 1),
        (asking(Kind.INTEGER, 0, 1), 1, 1),
        (asking(Kind.INTEGER, 0, 1), 1.0, 1),
        (asking(Kind.FLOAT, 0.5, 2.0), "2", 2.0),
        (asking(Kind.FLOAT), "2.5", 2.5),
        (asking(Kind.INTEGER), "3", 3),
        (asking(Kind.INTEGER), 3.0, 3),
    ],
)
def test_an_answer_means_one_value(queue: Queue, given: object, meant: Scalar) -> None:
    found = read_value(given, queue)

    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("queue", "given"),
    [
        (asking(Kind.STRING, "no", "No", "yes"), "NO"),
        (asking(Kind.STRING, "No", "Yes"), "maybe"),
        (asking(Kind.STRING, "No", "Yes"), True),
        (asking(Kind.STRING, "1", "2"), 1),
        (asking(Kind.INTEGER, 0, 1), True),
        (asking(Kind.BOOLEAN, False, True), 1),
        (asking(Kind.INTEGER, 0, 1), "0.5"),
        (asking(Kind.FLOAT), "nan"),
        (asking(Kind.FLOAT), "inf"),
        (asking(Kind.FLOAT), True),
        (asking(Kind.FLOAT), "9" * 400),
        (asking(Kind.INTEGER), "2.5"),
        (asking(Kind.FLOAT), ""),
    ],
)
def test_what_means_no_value_or_two_is_refused(queue: Queue, given: object) -> None:
    with pytest.raises(DataError) as caught:
        read_value(given, queue)

    assert caught.value.code == "label-value"


def test_each_person_has_one_order_of_all_rows_and_no_two_have_the_same() -> None:
    orders = {person: order_of(QUEUE, person) for person in ("ana", "ben", "cy")}

    assert order_of(QUEUE, "ana") == orders["ana"]
    assert all(sorted(order, key=lambda each: each.row) == sorted(ROWS, key=lambda e: e.row)
               for order in orders.values())  # fmt: skip
    assert len({tuple(each.row for each in order) for order in orders.values()}) == 3
    assert order_of(replace(QUEUE, seed=2), "ana") != orders["ana"]
