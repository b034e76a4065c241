"""What is stored of an event gives its bytes again, on any machine, or says that it is hurt."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.encoding import canonical_json
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.packing import DICTIONARIES, packed, unpacked
from mlwright.ledger.records import NewEvent
from mlwright.ledger.standalone_verifier import body_of

WORDS = {number: text.encode() for number, text in DICTIONARIES.items()}
TEXTS = st.one_of(st.text(max_size=60), st.sampled_from(["sha256:", "run.started", "r_"]))


def body_of_a_run() -> bytes:
    with Ledger.in_memory(ReplaySeam()) as ledger:
        told = {"since": 10**15, "points": {f"m{n}": [[0, 0, n / 7]] for n in range(10)}}
        (event,) = ledger.append([NewEvent("run.finished", "r_a", told)])
    return event.body


@given(st.dictionaries(TEXTS, st.one_of(TEXTS, st.floats(allow_nan=False, allow_infinity=False))))
def test_what_is_stored_gives_the_same_bytes_again_to_us_and_to_a_stranger(
    facts: dict[str, object],
) -> None:
    body = canonical_json(facts)

    stored = packed(body)

    assert unpacked(stored) == body_of(stored, WORDS) == body
    assert len(stored) <= len(body)


def test_a_short_run_takes_less_than_half_of_what_it_says() -> None:
    body = body_of_a_run()

    assert len(packed(body)) < len(body) / 2


def test_threads_that_store_at_once_store_the_same() -> None:
    bodies = [canonical_json({"text": f"{n} sha256:" * n}) for n in range(200)]
    alone = [packed(body) for body in bodies]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(packed, bodies)) == alone


def test_every_flipped_bit_of_what_is_stored_is_noticed() -> None:
    stored = packed(body_of_a_run())

    for place in range(len(stored)):
        for bit in range(8):
            spoilt = bytearray(stored)
            spoilt[place] ^= 1 << bit
            with pytest.raises(ValueError, match="its "):
                unpacked(bytes(spoilt))


def test_what_was_cut_off_or_put_on_is_noticed() -> None:
    stored = packed(body_of_a_run())

    for spoilt in (stored[:-1], stored[:3], b"", stored + b"x", None, "text"):
        with pytest.raises(ValueError, match="its "):
            unpacked(spoilt)


def test_a_dictionary_that_ledgers_were_written_with_never_changes() -> None:
    digests = {number: hashlib.sha256(text).hexdigest()[:16] for number, text in WORDS.items()}

    assert digests == {1: "b85eec45757d20f3"}
