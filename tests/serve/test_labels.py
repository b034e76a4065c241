"""Labels: a key written as any kind of number meets the row that was sent with it."""

from __future__ import annotations

import json

import pytest

from mlwright.core.errors import DataError
from mlwright.serve.labels import key_text, truths_of
from mlwright.serve.requests import rows_of


@pytest.mark.parametrize("in_row", ["3", "3.0", "3e0", '"3"'])
@pytest.mark.parametrize("in_label", ["3", "3.0", "3e0", '"3"'])
def test_a_whole_number_is_one_key_however_it_is_written(in_row: str, in_label: str) -> None:
    (row,) = rows_of(b'{"id": %s}' % in_row.encode())
    body = b'{"endpoint": "churn", "key": %s, "value": 1}' % in_label.encode()

    ((truth,), _) = truths_of(body, ["churn"])

    assert truth.key == key_text(row["id"]) == "3"


@pytest.mark.parametrize("key", [1.5, 1e300, True, None])
def test_what_names_no_row_is_no_key_of_a_label(key: object) -> None:
    body = json.dumps({"endpoint": "churn", "key": key, "value": 1}).encode()

    with pytest.raises(DataError, match="neither text nor a whole number"):
        truths_of(body, ["churn"])
