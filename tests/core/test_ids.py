"""Ids name the noun, are cut from a digest, and resolve by prefix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import digest_bytes
from mlwright.core.ids import Noun, content_id, event_id, noun_of, random_id, short
from mlwright.core.seam import ReplaySeam

NAMED = [noun for noun in Noun if noun is not Noun.EVENT]


@given(st.sampled_from(NAMED), st.binary())
def test_a_content_id_tells_its_noun_as_does_every_prefix(noun: Noun, content: bytes) -> None:
    identifier = content_id(noun, digest_bytes(content))

    assert len(identifier) == 28
    assert all(noun_of(identifier[:length]) is noun for length in range(3, 29))


@given(st.binary(), st.binary())
def test_two_contents_have_one_id_only_when_they_are_the_same(a: bytes, b: bytes) -> None:
    same = content_id(Noun.DATA, digest_bytes(a)) == content_id(Noun.DATA, digest_bytes(b))

    assert same == (a == b)


def test_the_same_content_has_another_id_as_another_noun() -> None:
    digest = digest_bytes(b"x")

    assert len({content_id(noun, digest) for noun in Noun}) == len(Noun)


def test_random_ids_come_from_the_seam_alone() -> None:
    seam = ReplaySeam(seed=7)
    first, second = random_id(Noun.RUN, seam), random_id(Noun.RUN, seam)

    assert first != second
    assert first == random_id(Noun.RUN, ReplaySeam(seed=7))
    assert first != random_id(Noun.RUN, ReplaySeam(seed=8))
    assert noun_of(first) is Noun.RUN


@given(st.integers(min_value=0))
def test_an_event_id_is_an_event_and_is_never_cut(sequence: int) -> None:
    identifier = event_id(sequence)

    assert noun_of(identifier) is Noun.EVENT
    assert short(identifier) == identifier


@given(st.sampled_from(NAMED), st.binary())
def test_a_short_id_is_a_prefix_of_the_same_noun(noun: Noun, content: bytes) -> None:
    identifier = content_id(noun, digest_bytes(content))

    assert identifier.startswith(short(identifier))
    assert noun_of(short(identifier)) is noun
    assert len(short(identifier)) == 12


@pytest.mark.parametrize("name", ["churn", "churn@8", "my_long_model_name", "", "d_", "x_abc"])
def test_a_name_is_no_id_and_is_never_cut(name: str) -> None:
    assert noun_of(name) is None
    assert short(name) == name


@pytest.mark.parametrize("text", ["d_41", "d_ABC", "e_abc", "e_041", "e_-1", "d_a b", "d_a\n"])
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert noun_of(text) is None


@given(st.text())
def test_any_text_can_be_asked_for_its_noun(text: str) -> None:
    noun = noun_of(text)

    assert noun is None or text.startswith(f"{noun.value}_")
    assert text.startswith(short(text))
