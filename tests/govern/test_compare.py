"""Two documents are apart by structure or by the last bits of their numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import digest_bytes
from mlwright.core.encoding import canonical_json
from mlwright.govern.compare import distance

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_a_document_is_at_no_distance_from_itself(value: object) -> None:
    raw = canonical_json(value)

    found = distance(raw, raw)

    assert found.numbers == 0.0
    assert found.place is None


def test_a_changed_last_bit_is_within_tolerance_and_a_changed_word_is_not() -> None:
    old = canonical_json({"a": [0.1 + 0.2], "b": "x"})

    assert distance(old, canonical_json({"a": [0.3], "b": "x"})).within_tolerance
    assert distance(old, canonical_json({"a": [0.3], "b": "y"})).place == "b"
    assert not distance(old, canonical_json({"a": [0.31], "b": "x"})).within_tolerance
    assert distance(old, canonical_json({"a": [0.3, 1], "b": "x"})).place == "a"


def test_a_digest_is_passed_over_because_it_hides_what_it_names() -> None:
    old, new = (canonical_json({"d": digest_bytes(raw)}) for raw in (b"1", b"2"))

    assert distance(old, new).within_tolerance
