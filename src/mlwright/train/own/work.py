"""What a process apart does: fit a model of the user's own, or open one that was kept and ask it.

Only :mod:`mlwright.train.own.child` imports this. Opening a pickle runs what is written in it, so
a process opens one only after it has given up what could do harm.
"""

from __future__ import annotations

import io
import json
import pickle
import platform
import random
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlwright.core.errors import DataError, FaultError, MlwrightError, UsageError
from mlwright.run.code.restore import MAIN, restore_main, restore_modules
from mlwright.run.code.sources import Source
from mlwright.train.own import content as contents
from mlwright.train.own.blueprint import alone, found, make
from mlwright.train.own.declare import Train
from mlwright.train.own.fold import Context, Fold
from mlwright.train.own.talk import Talk
from mlwright.train.records import Module

_PROTOCOL = 5
_TRIED = 32
"""Rows that are asked alone and together, to see whether the bits agree."""

_MOST_TOGETHER = 1_024
_BLOCK = 64
"""Rows that are asked at once, always as many, where their number decides bits."""

Array = NDArray[Any]


def restore(modules: Sequence[Module], parts: Sequence[str]) -> None:
    """Let imports from now on see the user's modules as they were kept."""
    sources = {each.name: Source(_file(each), each.package, each.text) for each in modules}
    restore_modules(sources)
    if MAIN in sources:
        restore_main(sources[MAIN], parts)


def _file(module: Module) -> str:
    path = module.name.replace(".", "/")
    return f"{path}/__init__.py" if module.package else f"{path}.py"


def fit(asked: Mapping[str, Any], blocks: Sequence[bytes], talk: Talk) -> bytes:
    """Fit one model and return it as it is kept."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _fit(asked, blocks, talk)


def _fit(asked: Mapping[str, Any], blocks: Sequence[bytes], talk: Talk) -> bytes:
    own = asked["own"]
    classes = asked["classes"]
    train, valid = (_fold(each, asked, blocks) for each in (asked["train"], asked["valid"]))
    assert train is not None
    seed = int(asked["seed"])
    random.seed(seed)
    np.random.seed(seed)
    blueprint = json.loads(own["blueprint"])
    try:
        if "fit" in blueprint:
            context = Context(
                seed,
                tuple(asked["labels"]),
                valid is None,
                own["name"],
                talk.begin(own["name"]),
                talk.worth,
            )
            model = _function(blueprint["fit"])(train, valid, dict(asked["params"]), context)
        else:
            model = make(own["blueprint"], asked["params"], seed)
            alone(model)
            weighted = {} if train.weight is None else {"sample_weight": train.weight}
            model.fit(train.X, train.y, **weighted)
        if not callable(getattr(model, "predict", None)) and not callable(
            getattr(model, "predict_proba", None)
        ):
            raise UsageError(
                "own-model-answer",
                f"{own['name']} returned a {type(model).__name__}, which has neither predict nor "
                "predict_proba",
                fix="return a model that has one of them",
                facts={"model": own["name"]},
            )
        alone(model)
    except MlwrightError:
        raise
    except Exception as error:
        raise _failed(own["name"], "could not be fitted", error) from error
    return _kept(model, own, classes, train.X)


def _function(name: str) -> Any:
    function = found(name)
    return function.function if isinstance(function, Train) else function


def _fold(told: Mapping[str, Any] | None, asked: Mapping[str, Any], blocks: Any) -> Fold | None:
    if told is None:
        return None
    X = np.frombuffer(blocks[told["X"]]).reshape(-1, len(asked["names"])).copy()
    y = np.frombuffer(blocks[told["y"]]).copy()
    weight = None if told["weight"] is None else np.frombuffer(blocks[told["weight"]]).copy()
    frame = None
    if told["frame"] is not None:
        import polars as pl

        frame = pl.read_ipc(io.BytesIO(blocks[told["frame"]]))
    return Fold(
        X, y.astype(np.int64) if asked["classes"] else y, frame, tuple(asked["names"]), weight
    )


def _kept(model: Any, own: Mapping[str, Any], classes: int, X: Array) -> bytes:
    kind = type(model)
    if callable(getattr(model, "to_bytes", None)) and callable(getattr(kind, "from_bytes", None)):
        how, held = contents.OWN_BYTES, bytes(model.to_bytes())
    elif own["pickle"]:
        how, held = contents.PICKLE, _pickled(model, own["name"])
    else:
        raise contents.pickle_not_asked(own["name"], kind.__name__)
    head = {
        "name": own["name"],
        "kept": how,
        "kind": f"{kind.__module__}:{kind.__qualname__}",
        "outputs": classes or 1,
        "columns": _columns(model, classes),
        "block": 1,
        "modules": own["modules"],
        "parts": own["parts"],
        "libraries": own["distributions"],
        "python": platform.python_version(),
    }
    some = X[np.arange(min(_TRIED, len(X))) * len(X) // max(1, min(_TRIED, len(X)))]
    head["block"] = _block_of(model, head, some)
    return contents.joined(head, held)


def _pickled(model: Any, name: str) -> bytes:
    try:
        held = pickle.dumps(model, _PROTOCOL)
        # Once more: which equal texts are one object must not depend on how they came about.
        return pickle.dumps(pickle.loads(held), _PROTOCOL)  # noqa: S301 - what was written here
    except Exception as error:
        raise _failed(name, "cannot be pickled", error) from error


def _columns(model: Any, classes: int) -> list[int] | None:
    if not classes:
        return []
    if not callable(getattr(model, "predict_proba", None)):
        return None
    named = getattr(model, "classes_", None)
    return list(range(classes)) if named is None else [int(each) for each in named]


def _block_of(model: Any, head: Mapping[str, Any], X: Array) -> int:
    """Return how many rows may be asked at once without a row's bits depending on the others.

    0 is any number; :data:`_BLOCK` as many as that, filled up where there are fewer: sums over a
    matrix go another way with another height. 1 is each alone.
    """
    if not len(X):
        return 1
    together = _asked(model, head, X)
    if all(_same(together, _parted(model, head, X, size)) for size in (1, 2, 5)):
        return 0
    filled = _filled(model, head, X)
    places = range(len(X))
    single = np.concatenate([_filled(model, head, X[place : place + 1]) for place in places])
    turned = _filled(model, head, X[::-1])[::-1]
    last = _filled(model, head, X, last=True)
    return _BLOCK if all(_same(filled, each) for each in (single, turned, last)) else 1


def _same(first: Array, second: Array) -> bool:
    return first.tobytes() == second.tobytes()


def _parted(model: Any, head: Mapping[str, Any], X: Array, size: int) -> Array:
    return np.concatenate([_asked(model, head, X[at : at + size]) for at in range(0, len(X), size)])


def _filled(model: Any, head: Mapping[str, Any], X: Array, *, last: bool = False) -> Array:
    """Return the answers of a block that is filled up with its own rows."""
    if last:
        filled = np.concatenate([np.tile(X[:1], (_BLOCK - len(X), 1)), X])
        return _asked(model, head, filled)[-len(X) :]
    return _asked(model, head, np.resize(X, (_BLOCK, X.shape[1])))[: len(X)]


class Opened:
    """A kept model, opened: what answers."""

    def __init__(self, head: contents.Head, content: bytes) -> None:
        _require(head)
        held = contents.model_of(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if head.kept == contents.OWN_BYTES:
                    self._model = found(head.kind).from_bytes(held)
                else:
                    self._model = pickle.loads(held)  # noqa: S301 - confined by now
            except Exception as error:
                raise _failed(head.name, "could not be opened", error) from error
        self._width = head.outputs
        self._block = head.block
        self._head: dict[str, Any] = {
            "outputs": head.outputs,
            "columns": head.columns,
            "name": head.name,
        }

    def answers(self, X: Array) -> Array:
        """Return rows x outputs; a row's bits do not depend on which others it is asked with."""
        if not len(X):
            return np.empty((0, self._width))
        if self._block != _BLOCK:
            return _parted(self._model, self._head, X, self._block or _MOST_TOGETHER)
        blocks = (X[at : at + _BLOCK] for at in range(0, len(X), _BLOCK))
        return np.concatenate([_filled(self._model, self._head, each) for each in blocks])


def _require(head: contents.Head) -> None:
    found = {name: _version(name) for name in head.libraries}
    other = {n: has for n, has in found.items() if not _is(has, head.libraries[n])}
    if other:
        needed = ", ".join(f"{name} {head.libraries[name]}" for name in other)
        has = ", ".join(f"{name} {has or 'missing'}" for name, has in other.items())
        raise FaultError(
            "foreign-library",
            f"{head.name} was made with {needed}, and here is {has}: a kept model is opened with "
            "the libraries it was made with",
            fix="install them: pip install "
            + " ".join(f"{name}=={head.libraries[name]}" for name in other),
            facts={"model": head.name, "needed": {n: head.libraries[n] for n in other}},
        )


def _is(has: str | None, needed: str) -> bool:
    """Tell whether a version is the one needed, which may name a commit after a plus."""
    return needed == "source" or (
        has is not None and needed.partition("+")[0] == has.partition("+")[0]
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _asked(model: Any, head: Mapping[str, Any], X: Array) -> Array:
    outputs, columns = int(head["outputs"]), head["columns"]
    name = str(head["name"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if columns:
                told = np.asarray(model.predict_proba(X), dtype=np.float64)
            else:
                told = np.asarray(model.predict(X), dtype=np.float64).reshape(len(X), -1)
        except Exception as error:
            raise _refused(name, error) from error
    width = len(columns) if columns else 1
    if told.shape != (len(X), width) or not np.isfinite(told).all():
        raise DataError(
            "own-model-answer",
            f"{name} answers {len(X)} rows with numbers of shape {told.shape}"
            + ("" if np.isfinite(told).all() else ", some of which are not finite"),
            fix=f"answer each row with {width} finite numbers",
            facts={"model": name, "shape": list(told.shape)},
        )
    if columns is not None and (not columns or list(columns) == list(range(outputs))):
        return told
    answers = np.zeros((len(X), outputs))
    if columns is None:
        places = np.clip(told[:, 0], 0, outputs - 1).astype(np.intp)
        answers[np.arange(len(X)), places] = 1.0
    else:
        answers[:, list(columns)] = told
    return answers


def _refused(name: str, error: Exception) -> DataError:
    return DataError(
        "own-model-refused",
        f"{name} raised {type(error).__name__} when it was asked: {str(error)[:500]}",
        fix="look at the values of the row, or at the model's predict",
        facts={"model": name, "error": type(error).__name__},
    )


def _failed(name: str, what: str, error: Exception) -> UsageError:
    import traceback

    lines = traceback.format_exception(error)
    return UsageError(
        "own-model-failed",
        f"{name} {what}: {type(error).__name__}: {str(error)[:500]}",
        fix="correct it; where it went wrong stands below",
        facts={"model": name, "error": type(error).__name__},
        looked=[line.rstrip() for line in "".join(lines[-6:]).splitlines()[-12:]],
    )
