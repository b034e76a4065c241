"""Merkle arithmetic is that of RFC 6962: known answers, and proofs that hold for truth only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    subtree_of,
    verify_consistency,
    verify_inclusion,
)

# The leaves and answers of the certificate transparency project's reference tests.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_known_answers(size: int) -> None:
    assert root_of(HASHES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_log_has_the_hash_of_nothing_as_root() -> None:
    assert root_of([]) == Frontier().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_inclusion_paths_are_the_known_answers(index: int, size: int, path: list[str]) -> None:
    proof = inclusion_proof(index, size, subtree_of(HASHES))

    assert [node.hex() for node in proof] == path
    assert verify_inclusion(HASHES[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_paths_are_the_known_answers(old: int, new: int, path: list[str]) -> None:
    proof = consistency_proof(old, new, subtree_of(HASHES))
    roots = bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1])

    assert [node.hex() for node in proof] == path
    assert verify_consistency(old, new, *roots, proof)


def _by_definition(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 6962 defines it, split by split."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(_by_definition(leaves[:middle]), _by_definition(leaves[middle:]))


sizes = st.integers(min_value=0, max_value=70)


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


@given(sizes)
def test_the_root_is_the_definitions(size: int) -> None:
    assert root_of(_leaves(size)) == _by_definition(_leaves(size))


@given(sizes, sizes)
def test_a_frontier_grown_in_two_goes_is_the_one_grown_in_one(first: int, second: int) -> None:
    leaves = _leaves(first + second)

    grown = Frontier().extend(leaves[:first]).extend(leaves[first:])
    one_by_one = Frontier()
    for leaf in leaves:
        one_by_one = one_by_one.append(leaf)

    assert grown == one_by_one
    assert grown.root() == root_of(leaves)
    assert len(grown.hashes) == grown.size.bit_count()


@given(st.data(), st.integers(min_value=1, max_value=70))
def test_every_leaf_is_shown_to_be_in_the_log_and_nothing_else_is(
    data: st.DataObject, size: int
) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = _leaves(size)
    path, root = inclusion_proof(index, size, subtree_of(leaves)), root_of(leaves)
    stranger = leaf_hash(b"stranger")

    assert verify_inclusion(leaves[index], index, size, path, root)
    assert not verify_inclusion(stranger, index, size, path, root)
    assert not verify_inclusion(leaves[index], index, size, path, stranger)
    assert not verify_inclusion(leaves[index], index, size, [*path, stranger], root)
    for other in range(size):
        assert verify_inclusion(leaves[index], other, size, path, root) == (other == index)
    for at in range(len(path)):
        assert not verify_inclusion(
            leaves[index], index, size, [*path[:at], stranger, *path[at + 1 :]], root
        )
        assert not verify_inclusion(leaves[index], index, size, path[:at] + path[at + 1 :], root)


@given(st.data(), sizes)
def test_every_beginning_is_shown_to_be_one_and_no_other_log_is(
    data: st.DataObject, new: int
) -> None:
    old = data.draw(st.integers(0, new))
    leaves = _leaves(new)
    path = consistency_proof(old, new, subtree_of(leaves))
    roots = root_of(leaves[:old]), root_of(leaves)
    stranger = leaf_hash(b"stranger")

    assert verify_consistency(old, new, *roots, path)
    assert not verify_consistency(old, new, stranger, roots[1], path)
    assert not verify_consistency(old, new, *roots, [*path, stranger])
    if old:
        assert not verify_consistency(old, new, roots[0], stranger, path)
    for at in range(len(path)):
        assert not verify_consistency(old, new, *roots, [*path[:at], stranger, *path[at + 1 :]])
        assert not verify_consistency(old, new, *roots, path[:at] + path[at + 1 :])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_path_is_made_or_taken_for_a_leaf_outside_the_log(index: int, size: int) -> None:
    with pytest.raises(ValueError):
        inclusion_proof(index, size, subtree_of(HASHES))

    assert not verify_inclusion(HASHES[0], index, size, [], HASHES[0])


@pytest.mark.parametrize("old", range(-1, 9))
@pytest.mark.parametrize("new", range(9))
def test_an_empty_path_shows_a_log_to_be_its_own_beginning_and_nothing_else(
    old: int, new: int
) -> None:
    roots = root_of(HASHES[: max(old, 0)]), root_of(HASHES[:new])

    assert verify_consistency(old, new, *roots, []) == (old in (0, new) and old <= new)


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_no_larger_log_is_shown_to_be_the_beginning_of_a_smaller(old: int, new: int) -> None:
    with pytest.raises(ValueError):
        consistency_proof(old, new, subtree_of(HASHES))

    assert not verify_consistency(4, 3, root_of(HASHES[:4]), root_of(HASHES[:3]), [])


def test_a_leaf_cannot_pass_for_a_node() -> None:
    assert leaf_hash(HASHES[0] + HASHES[1]) != node_hash(HASHES[0], HASHES[1])
