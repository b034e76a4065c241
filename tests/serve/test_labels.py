"""Labels: a key written as any kind of number meets the row that was sent with it."""

from __future__ import annotations

import json

import pytest

from mlwright.core.errors import DataError
from mlwright.core.ids import Noun
from mlwright.data.records import Scalar
from mlwright.serve.ids import encode
from mlwright.serve.labels import key_text, truths_of
from mlwright.serve.records import Place
from mlwright.serve.requests import rows_of


@pytest.mark.parametrize("in_row", ["3", "3.0", "3e0", '"3"'])
@pytest.mark.parametrize("in_label", ["3", "3.0", "3e0", '"3"'])
def test_a_whole_number_is_one_key_however_it_is_written(in_row: str, in_label: str) -> None:
    (row,) = rows_of(b'{"id": %s}' % in_row.encode())
    body = b'{"endpoint": "churn", "key": %s, "value": 1}' % in_label.encode()

    ((truth,), _) = truths_of(body, {"churn": (0, 1)})

    assert truth.key == key_text(row["id"]) == "3"


@pytest.mark.parametrize("key", [1.5, 1e300, True, None])
def test_what_names_no_row_is_no_key_of_a_label(key: object) -> None:
    body = json.dumps({"endpoint": "churn", "key": key, "value": 1}).encode()

    with pytest.raises(DataError, match="neither text nor a whole number"):
        truths_of(body, {"churn": (0, 1)})


ID = encode(Noun.PREDICTION, Place(1, 2, bytes(8)))


@pytest.mark.parametrize(
    ("classes", "value", "fits"),
    [
        ((), 2.5, True),
        ((), 3, True),
        ((), "dear", False),
        ((), True, False),
        (("no", "yes"), "maybe", True),
        (("no", "yes"), 1, False),
        ((0, 1), 2, True),
        ((0, 1), 1.0, True),
        ((0, 1), "1", False),
        ((0, 1), True, False),
        ((False, True), True, True),
        ((False, True), "true", False),
    ],
)
def test_a_truth_is_of_the_kind_of_the_answers_it_is_about(
    classes: tuple[Scalar, ...], value: object, fits: bool
) -> None:
    labels = [{"endpoint": "e", "key": "k", "value": value}, {"id": ID, "value": value}]
    for body in (json.dumps(each).encode() for each in labels):
        if fits:
            assert truths_of(body, {"e": classes})[0][0].value == json.dumps(value).encode()
            continue
        with pytest.raises(DataError) as refused:
            truths_of(body, {"e": classes})
        assert refused.value.code == "label-kind"
        assert "e answers" in refused.value.message


def test_a_truth_of_a_prediction_may_be_of_any_endpoint() -> None:
    body = json.dumps([{"id": ID, "value": 2.5}, {"id": ID, "value": "yes"}]).encode()

    assert len(truths_of(body, {"price": (), "churn": ("no", "yes")})[0]) == 2
    assert len(truths_of(body, {})[0]) == 2
