"""An id of a prediction leads back to its record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.ids import Noun, noun_of, short
from mlwright.serve.ids import SEGMENTS, SEQUENCES, decode, encode, is_whole, place_of_prefix
from mlwright.serve.records import Place

places = st.builds(
    Place,
    st.integers(0, SEGMENTS - 1),
    st.integers(0, SEQUENCES - 1),
    st.binary(min_size=10, max_size=10),
)
nouns = st.sampled_from([Noun.PREDICTION, Noun.LABEL])


@given(nouns, places)
def test_an_id_leads_back_to_its_place_and_has_the_form_of_ids(noun: Noun, place: Place) -> None:
    text = encode(noun, place)

    assert decode(text) == place
    assert noun_of(text) is noun
    assert is_whole(text)


@given(places, places)
def test_ids_sort_as_their_places_do(first: Place, second: Place) -> None:
    def key(place: Place) -> tuple[int, int, bytes]:
        return place.segment, place.sequence, place.random

    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    one, two = (
        [alphabet.index(letter) for letter in encode(Noun.PREDICTION, place)[2:]]
        for place in (first, second)
    )

    assert (one < two) == (key(first) < key(second))


@given(nouns, places, st.integers(1, 26))
def test_every_prefix_covers_its_place_and_a_short_id_names_it_alone(
    noun: Noun, place: Place, length: int
) -> None:
    text = encode(noun, place)

    low, high = place_of_prefix(text[: 2 + length])
    assert (
        (low.segment, low.sequence)
        <= (place.segment, place.sequence)
        <= (high.segment, high.sequence)
    )
    assert (low == high) == (length >= 10)
    only, same = place_of_prefix(short(text))
    assert only == same == Place(place.segment, place.sequence, b"")


@pytest.mark.parametrize(
    "text", ["", "p_", "m_aaaaaaaaaaaaaaaaaaaaaaaaaa", "p_AAAA", "p_" + "a" * 27, "p_z", "x"]
)
def test_what_no_segment_made_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"id|segment"):
        place_of_prefix(text)


def test_a_whole_id_of_a_segment_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no segment"):
        decode("p_" + "7" * 26)
