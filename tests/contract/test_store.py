"""The promises of a store, over every store we have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlwright.core.digest import Digest, digest_bytes, hex_of
from mlwright.core.errors import BrokenError, NotFoundError, RefusedError
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore
from mlwright.store.overlay import OverlayStore
from mlwright.store.protocol import Store
from mlwright.store.records import StoreReport
from mlwright.store.verify import verify

ABSENT = digest_bytes(b"never put")


@dataclass(frozen=True)
class Case:
    """A store and the hands to spoil one of its objects behind its back."""

    store: Store
    spoil: Callable[[Digest, bytes], None]
    spoiled: Callable[[], list[bytes]]


def _local(folder: Path) -> Case:
    store = LocalStore(folder)

    def spoil(digest: Digest, content: bytes) -> None:
        path = folder / "objects" / hex_of(digest)[:2] / hex_of(digest)[2:]
        path.chmod(0o644)
        path.write_bytes(content)

    def spoiled() -> list[bytes]:
        return [path.read_bytes() for path in sorted((folder / "quarantine").glob("*"))]

    return Case(store, spoil, spoiled)


def _memory(folder: Path) -> Case:
    store = MemoryStore()
    return Case(
        store,
        lambda digest, content: store.objects.__setitem__(digest, content),
        lambda: [content for _, content in store.quarantine],
    )


def _overlay(folder: Path) -> Case:
    top = _local(folder / "top")
    return Case(OverlayStore(LocalStore(folder / "base"), top.store), top.spoil, top.spoiled)


@pytest.fixture(params=[_local, _memory, _overlay], ids=["local", "memory", "overlay"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    made: Case = request.param(tmp_path)
    return made


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=st.binary(max_size=3000))
def test_what_was_put_is_got_under_its_digest(case: Case, content: bytes) -> None:
    digest = case.store.put(content)

    assert digest == digest_bytes(content)
    assert case.store.get(digest) == content
    assert case.store.has(digest)


def test_content_larger_than_a_read_chunk_comes_back_whole(case: Case) -> None:
    content = bytes(range(256)) * 9000

    digest = case.store.put(content)

    assert case.store.put(content) == digest
    assert case.store.get(digest) == content


def test_what_is_held_can_be_read_in_pieces(case: Case) -> None:
    digest = case.store.put(b"some bytes")

    places = [case.store.held(digest), case.store.read_only().held(digest)]

    assert [p.read_bytes() if isinstance(p, Path) else p for p in places] == [b"some bytes"] * 2


def test_what_is_held_is_verified_when_it_changed(case: Case) -> None:
    digest = case.store.put(b"true")
    case.store.held(digest)
    case.spoil(digest, b"false")

    with pytest.raises(BrokenError, match=digest) as corrupt:
        case.store.held(digest)
    with pytest.raises(NotFoundError, match=ABSENT) as absent:
        case.store.held(ABSENT)

    assert (corrupt.value.code, absent.value.code) == ("object-corrupt", "object-missing")
    assert case.spoiled() == [b"false"]


def test_putting_twice_keeps_one_object(case: Case) -> None:
    first, second = case.store.put(b"same"), case.store.put(b"same")

    assert first == second
    assert list(case.store.digests()) == [first]


def test_digests_come_in_order_and_name_everything(case: Case) -> None:
    put = {case.store.put(bytes([n])) for n in range(40)}

    assert list(case.store.digests()) == sorted(put)


def test_a_missing_object_is_named_with_the_places_looked_at(case: Case) -> None:
    with pytest.raises(NotFoundError, match=ABSENT) as caught:
        case.store.get(ABSENT)

    assert caught.value.code == "object-missing"
    assert caught.value.looked
    assert not case.store.has(ABSENT)


def test_a_corrupt_object_is_named_and_moved_to_quarantine_not_deleted(case: Case) -> None:
    digest = case.store.put(b"true")
    case.spoil(digest, b"false")

    with pytest.raises(BrokenError, match=digest) as caught:
        case.store.get(digest)

    assert caught.value.code == "object-corrupt"
    assert caught.value.facts["actual"] == digest_bytes(b"false")
    assert case.spoiled() == [b"false"]
    assert not case.store.has(digest)


def test_putting_the_true_bytes_again_heals_a_corrupt_object(case: Case) -> None:
    digest = case.store.put(b"true")
    case.spoil(digest, b"liar")

    case.store.put(b"true")

    assert case.store.get(digest) == b"true"
    assert case.spoiled() == [b"liar"]


def test_an_object_corrupted_twice_leaves_both_wrong_contents_in_quarantine(case: Case) -> None:
    for wrong in (b"first", b"other"):
        digest = case.store.put(b"true")
        case.spoil(digest, wrong)
        with pytest.raises(BrokenError):
            case.store.get(digest)

    assert sorted(case.spoiled()) == [b"first", b"other"]


def test_a_read_only_view_names_a_corrupt_object_and_leaves_it(case: Case) -> None:
    digest = case.store.put(b"true")
    case.spoil(digest, b"false")
    view = case.store.read_only()

    for _ in range(2):
        with pytest.raises(BrokenError) as caught:
            view.get(digest)
        assert caught.value.code == "object-corrupt"

    assert case.spoiled() == []


def test_a_read_only_view_refuses_to_put(case: Case) -> None:
    digest = case.store.put(b"there before")

    with pytest.raises(RefusedError) as caught:
        case.store.read_only().put(b"new")

    assert caught.value.code == "store-read-only"
    assert case.store.read_only().get(digest) == b"there before"
    assert not case.store.has(digest_bytes(b"new"))


def test_verifying_counts_the_objects_names_the_corrupt_and_changes_nothing(case: Case) -> None:
    good, bad = case.store.put(b"good"), case.store.put(b"bad")
    case.spoil(bad, b"worse")

    report = verify(case.store)

    assert report == StoreReport(objects=2, bytes=4, corrupt=(bad,))
    assert case.store.get(good) == b"good"
    assert case.spoiled() == []
