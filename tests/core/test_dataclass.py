"""Our quick dataclasses do what the standard library's do, and leave it what is not plain."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any, Generic, TypeVar

import pytest

from mlwright.core import dataclass as ours

T = TypeVar("T")
Decorator = Callable[..., Any]


def point(decorator: Decorator, **options: bool) -> Any:
    @decorator(frozen=True, slots=True, **options)
    class Point:
        """A point."""

        x: int
        y: float = 1.5
        tags: tuple[str, ...] = ()
        more: dict[str, int] = field(default_factory=dict, metadata={"doc": "More."})

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("negative")

        @property
        def double(self) -> int:
            return 2 * self.x

    return Point


def ways_to_make(made: Any) -> list[object]:
    return [made(1), made(1, 2.5), made(x=1, tags=("a",)), made(1, more={"k": 1})]


def test_instances_read_print_and_turn_into_dictionaries_alike() -> None:
    theirs, mine = point(dataclass), point(ours.dataclass)

    for left, right in zip(ways_to_make(theirs), ways_to_make(mine), strict=True):
        assert repr(left) == repr(right)
        assert dataclasses.asdict(left) == dataclasses.asdict(right)
        assert (right.double, right.y) == (left.double, left.y)
    assert mine.__match_args__ == theirs.__match_args__
    assert mine.__slots__ == theirs.__slots__
    assert repr(mine.__dataclass_params__) == repr(theirs.__dataclass_params__)
    assert str(inspect.signature(mine)) == str(inspect.signature(theirs))
    assert mine.__doc__ == theirs.__doc__
    assert [repr(each) for each in dataclasses.fields(mine)] == [
        repr(each) for each in dataclasses.fields(theirs)
    ]
    assert mine(1).more is not mine(1).more


def test_equality_and_hashes_are_of_all_fields_and_of_the_class() -> None:
    mine, other = point(ours.dataclass), point(ours.dataclass)
    by_identity = point(ours.dataclass, eq=False)

    assert mine(1) == mine(1)
    assert mine(1) != mine(2)
    assert mine(1) != other(1)
    assert by_identity(1) != by_identity(1)
    assert hash(by_identity(1))
    with pytest.raises(TypeError, match="unhashable"):
        hash(mine(1))


@pytest.mark.parametrize("values", [{}, {"a": float("nan")}, {"a": 1, "b": "x"}])
def test_few_fields_compare_and_hash_as_theirs_do(values: Mapping[str, object]) -> None:
    def made(decorator: Decorator) -> Any:
        kind = type("Few", (), {"__annotations__": dict.fromkeys(values, "object")})
        return decorator(frozen=True, slots=True)(kind)

    mine, theirs = made(ours.dataclass), made(dataclass)
    assert mine(**values) == mine(**values)
    assert hash(mine(**values)) == hash(theirs(**values))
    assert repr(mine(**values)) == repr(theirs(**values)).replace("test_dataclass.", "")


def test_nothing_can_be_set_or_deleted_and_a_wrong_call_is_refused() -> None:
    for decorator in (dataclass, ours.dataclass):
        made = point(decorator)
        with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
            made(1).x = 2
        with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
            del made(1).x
        with pytest.raises(ValueError, match="negative"):
            made(-1)
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
            made()
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            made(1, z=2)


@ours.dataclass(frozen=True, slots=True)
class Kept:
    """One that can be found again."""

    name: str
    parts: tuple[Kept, ...] = ()


@ours.dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    left: T
    right: T | None = None


def test_they_are_pickled_copied_replaced_and_matched() -> None:
    kept = Kept("a", (Kept("b"),))

    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(kept, protocol)) == kept
    assert copy.deepcopy(kept) == copy.copy(kept) == kept
    assert dataclasses.replace(kept, name="c") == Kept("c", (Kept("b"),))
    match kept:
        case Kept(name, (Kept(inner),)):
            assert (name, inner) == ("a", "b")
    assert Pair[int](1) == Pair(1, None)


def test_nothing_can_be_added() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'new'"):
        point(ours.dataclass)(1).new = 2


def test_a_record_that_holds_itself_is_printed() -> None:
    held: list[object] = []
    pair = Pair(held, held)
    held.append(pair)

    assert repr(pair) == "Pair(left=[...], right=[...])"


def test_what_is_not_plain_is_made_by_the_standard_library() -> None:
    @ours.dataclass(slots=True)
    class Open:
        x: int

    @ours.dataclass(frozen=True, slots=True)
    class Hidden:
        secret: str = field(repr=False)

    @ours.dataclass(frozen=True, slots=True)
    class Named(Kept):
        place: str = ""

    @ours.dataclass(frozen=True, slots=True)
    class Told:
        x: int

        def __repr__(self) -> str:
            return "told"

    opened = Open(1)
    opened.x = 2
    assert opened == Open(2)
    assert "secret" not in repr(Hidden("s")) or "'s'" not in repr(Hidden("s"))
    assert Named("a", (), "b") == Named("a", place="b")
    assert repr(Told(1)) == "told"
    assert Told(1) == Told(1)
