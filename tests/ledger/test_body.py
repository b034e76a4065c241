"""An event and its bytes are one: written canonically, read back whole, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import digest_bytes
from mlwright.core.encoding import canonical_json
from mlwright.ledger.body import draft, is_canonical, read_body
from mlwright.ledger.records import NewEvent

texts = st.text(min_size=1)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
new_events = st.builds(
    NewEvent,
    kind=texts,
    subject=texts,
    facts=st.dictionaries(st.text(), values, max_size=4),
    uses=st.lists(texts, max_size=3).map(tuple),
    objects=st.lists(st.binary(max_size=3).map(digest_bytes), max_size=3).map(tuple),
)


@given(new_events, st.integers(min_value=0), st.text(), st.text())
def test_an_event_read_from_its_bytes_is_the_one_that_wrote_them(
    new: NewEvent, sequence: int, time: str, actor: str
) -> None:
    event = draft(new).place(sequence=sequence, time=time, actor=actor)

    assert read_body(event.body) == event
    assert is_canonical(event.body)


@given(new_events)
def test_the_parts_joined_are_the_canonical_json_of_the_whole(new: NewEvent) -> None:
    event = draft(new).place(sequence=7, time="now", actor="me")

    assert event.body == canonical_json(
        {
            "v": 1,
            "sequence": 7,
            "time": "now",
            "actor": "me",
            "kind": new.kind,
            "subject": new.subject,
            "facts": new.facts,
            "uses": list(new.uses),
            "objects": list(new.objects),
        }
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"v":1}',
        b"[" * 100_000,
        b'{"actor":"","facts":{},"kind":"k","objects":[],"sequence":0,"subject":"s","time":"",'
        b'"uses":[],"v":2}',
        b'{"actor":"","facts":{},"kind":"k","objects":[],"sequence":0,"subject":"s","time":"",'
        b'"uses":[],"v":1,"x":0}',
    ],
    ids=lambda body: body[:20].decode("latin-1") + str(len(body)),
)
def test_bytes_that_are_no_event_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_body(body)
