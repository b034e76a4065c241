"""The digest of answers is that of their bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlwright.scoring.artefact import answers_digest, output_names

MATRICES = st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=4)


@given(one=MATRICES, other=MATRICES)
def test_answers_have_one_digest_when_their_bits_are_equal(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> None:
    same = np.array(one).tobytes() == np.array(other).tobytes()

    found = answers_digest(np.array(one)) == answers_digest(np.array(other))

    assert found or not same
    assert same or not found or np.isnan(one).any()


def test_a_zero_has_a_sign_and_a_nan_has_no_payload() -> None:
    quiet, payload = np.array([[np.nan]]), np.array([[0x7FF8000000000001]]).view(np.float64)

    assert answers_digest(np.array([[0.0]])) != answers_digest(np.array([[-0.0]]))
    assert answers_digest(quiet) == answers_digest(payload)


def test_the_shape_of_answers_is_part_of_their_digest() -> None:
    assert answers_digest(np.zeros((2, 3))) != answers_digest(np.zeros((3, 2)))


def test_an_output_is_named_by_its_class_as_json_writes_it() -> None:
    assert output_names((False, True)) == ("probability:false", "probability:true")
    assert output_names((0, 1)) == ("probability:0", "probability:1")
    assert output_names(("no", "yes")) == ("probability:no", "probability:yes")
    assert output_names(()) == ("value",)
