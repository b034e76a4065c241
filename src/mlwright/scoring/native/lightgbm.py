"""Boosted trees through LightGBM's C library, without importing the lightgbm package.

The package pulls in scikit-learn and pandas where they are installed; the library beside it needs
neither, so a scoring process starts fast and stays small.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from struct import Struct

import numpy as np

from mlwright.core.errors import FaultError
from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.lanes import Fill, Held, Lane
from mlwright.scoring.native.model_text import canonical, without_trees
from mlwright.scoring.native.protocol import Matrix

_NORMAL = 0  # C_API_PREDICT_NORMAL: probabilities, or the value of a regression
_RAW = 1  # C_API_PREDICT_RAW_SCORE: the sums over the trees
_CONTRIB = 3  # C_API_PREDICT_CONTRIB: exact Shapley values over the trees (TreeSHAP)
_FLOAT64 = 1  # C_API_DTYPE_FLOAT64
_ROW_MAJOR = 1
_ALL_TREES = -1
_THREADED_FROM = 2_000  # rows; below, waking a second thread costs more than it gives
_TAKEN_APART_FROM = 20  # rows, each of which takes as long as a hundred answers

_LIBRARY = {"darwin": "lib_lightgbm.dylib", "win32": "lib_lightgbm.dll"}


class LightgbmModel:
    """A model text, loaded; frees what the library holds when nobody uses it any more.

    Parameters
    ----------
    content
        The model text; its digest was verified by whoever read it.
    features
        How many features a row has.
    outputs
        1 for a regression, else the number of classes.
    """

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        self._booster = _Booster(canonical(content))
        self._outputs = outputs
        self._lanes = threading.local()
        told = (self._booster.features, self._booster.outputs)
        if told != (features, 1 if outputs == 2 else outputs):
            raise predictor_broken(
                f"its text has {told[0]} features and {told[1]} outputs, "
                f"its package says {features} and {outputs}"
            )

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the outputs for one row of features."""
        try:
            lane: _Lane = self._lanes.lane
        except AttributeError:
            lane = self._lanes.lane = _Lane(self._booster)
        lane.write(*features)
        if lane.predict():
            raise _fault()
        if self._outputs == 2:
            positive = lane.out[0]
            return (1.0 - positive, positive)
        return tuple(lane.out[:])

    def raw_row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the sums over the trees for one row, as quickly as its outputs."""
        try:
            lane: _Lane = self._lanes.raw
        except AttributeError:
            lane = self._lanes.raw = _Lane(self._booster, _RAW)
        lane.write(*features)
        if lane.predict():
            raise _fault()
        return tuple(lane.out[:])

    def lane(self, order: Sequence[int]) -> Lane:
        """Return a thread's way from features packed in an order."""
        held = Held(order)
        view, outputs = held.view, self._call(*held.read(None), _NORMAL)
        if self._outputs != 2:

            def answer(packed: bytes) -> tuple[float, ...]:
                view[:] = packed
                return outputs()

            return answer

        def of_two(packed: bytes) -> tuple[float, ...]:
            view[:] = packed
            (positive,) = outputs()
            return (1.0 - positive, positive)

        return of_two

    def sums(self, fill: Fill, row: Matrix) -> Callable[[], tuple[float, ...]]:
        """Return what gives the sums over the trees of the row that ``fill`` puts at ``row``."""
        return self._call(fill, row, _RAW)

    def _call(self, fill: Fill, row: Matrix, kind: int) -> Callable[[], tuple[float, ...]]:
        lane = _Lane(self._booster, kind, row)

        def call() -> tuple[float, ...]:
            fill()
            if lane.predict():
                raise _fault()
            return tuple(lane.out[:])

        return call

    def raw_matrix(self, X: Matrix) -> Matrix:
        """Return rows x scores for a matrix of features: the sums over the trees."""
        return self._booster.predict(np.ascontiguousarray(X, dtype=np.float64), _RAW)

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs for a matrix of features."""
        answers = self._booster.predict(np.ascontiguousarray(X, dtype=np.float64))
        if self._outputs == 2:
            return np.column_stack((1.0 - answers, answers))
        return answers

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the sums over the trees for one row."""
        return tuple(
            self._booster.predict(np.array([features], dtype=np.float64), _RAW)[0].tolist()
        )

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return each feature's Shapley value, and the mean over the training rows last."""
        found: Matrix = self.terms_of(np.array([features], dtype=np.float64))[0]
        return found

    def terms_of(self, X: Matrix) -> Matrix:
        """Return the same of each row, shared among the cores: rows x scores x (features + 1)."""
        rows = np.ascontiguousarray(X, dtype=np.float64)
        several = len(rows) >= _TAKEN_APART_FROM
        found = self._booster.predict(rows, _CONTRIB, self._booster.features + 1, threaded=several)
        return found.reshape(len(rows), self._booster.outputs, -1)


class _Booster:
    """The library's handle of a model and what it answers about itself."""

    def __init__(self, content: bytes) -> None:
        library = _library()
        self.handle = _parsed(without_trees(content))
        weakref.finalize(self, library.LGBM_BoosterFree, self.handle)
        strewn = _parsed(content)
        try:
            _copied(strewn, self.handle)
        finally:
            library.LGBM_BoosterFree(strewn)
        self.features = self._count(library.LGBM_BoosterGetNumFeature)
        self.outputs = self._count(library.LGBM_BoosterGetNumClasses)

    def _count(self, ask: Callable[..., int]) -> int:
        answer = ctypes.c_int()
        _check(ask(self.handle, ctypes.byref(answer)))
        return answer.value

    def predict(
        self, X: Matrix, kind: int = _NORMAL, width: int = 1, *, threaded: bool = False
    ) -> Matrix:
        """Return rows x (outputs x width)."""
        rows, features = X.shape
        answers = np.empty((rows, self.outputs * width))
        if rows == 0:
            return answers
        threads = 0 if threaded or rows >= _THREADED_FROM else 1
        written = ctypes.c_int64()
        _check(
            _library().LGBM_BoosterPredictForMat(
                self.handle,
                ctypes.c_void_p(X.ctypes.data),
                _FLOAT64,
                ctypes.c_int32(rows),
                ctypes.c_int32(features),
                _ROW_MAJOR,
                kind,
                0,
                _ALL_TREES,
                f"num_threads={threads} verbosity=-1".encode(),
                ctypes.byref(written),
                ctypes.c_void_p(answers.ctypes.data),
            )
        )
        return answers


def _parsed(content: bytes) -> ctypes.c_void_p:
    """Return the library's handle of a text; who asks for it frees it."""
    handle, trees = ctypes.c_void_p(), ctypes.c_int()
    _check(
        _library().LGBM_BoosterLoadModelFromString(
            content, ctypes.byref(trees), ctypes.byref(handle)
        )
    )
    return handle


def _copied(trees: ctypes.c_void_p, to: ctypes.c_void_p) -> None:
    """Copy all trees of one handle to another, side by side in memory.

    Trees as they are parsed fill whatever gaps the process has left in its memory: after a search a
    row of a thousand of them took twice as long. A thread of its own gets memory of its own.
    """
    faults: list[FaultError] = []

    def copy() -> None:
        if _library().LGBM_BoosterMerge(to, trees):
            faults.append(_fault())

    alone = threading.Thread(target=copy, name="mlwright-trees")
    alone.start()
    alone.join()
    if faults:
        raise faults[0]


class _Lane:
    """One thread's way to the library: its own buffers and prepared call.

    The library guards its side with a lock; the buffers are ours, so no two threads share them.
    """

    def __init__(self, booster: _Booster, kind: int = _NORMAL, row: Matrix | None = None) -> None:
        library = _library()
        self._booster = booster  # outlives this lane, whose handle points into it
        handle = ctypes.c_void_p()
        _check(
            library.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster.handle,
                kind,
                0,
                _ALL_TREES,
                _FLOAT64,
                ctypes.c_int32(booster.features),
                b"num_threads=1 verbosity=-1",
                ctypes.byref(handle),
            )
        )
        weakref.finalize(self, library.LGBM_FastConfigFree, handle)
        # The library is told once where the row is.
        self._row = np.zeros(booster.features) if row is None else row
        self._written = ctypes.c_int64()
        self.out = (ctypes.c_double * booster.outputs)()
        self.write = partial(Struct(f"={booster.features}d").pack_into, self._row.data, 0)
        self.predict: Callable[[], int] = partial(
            _answer_of_one(),
            handle,
            ctypes.c_void_p(self._row.ctypes.data),
            ctypes.c_void_p(ctypes.addressof(self._written)),
            ctypes.c_void_p(ctypes.addressof(self.out)),
        )


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    looked: list[str] = []
    spec = find_spec("lightgbm")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        name = _LIBRARY.get(sys.platform, "lib_lightgbm.so")
        for file in (home / "lib" / name, home / name):
            looked.append(str(file))
            if file.is_file():
                return _declared(ctypes.CDLL(str(file)))
    raise FaultError(
        "library-missing",
        "the model needs LightGBM's library, which is not installed here",
        fix="pip install lightgbm",
        looked=looked or ["lightgbm in sys.path"],
    )


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library


@lru_cache(maxsize=1)
def _answer_of_one() -> Callable[..., int]:
    """Return the library's answer for one row, which keeps the interpreter's lock.

    It takes a few microseconds; a lock that is given up may take thousands to come back.
    """
    found = ctypes.PyDLL(_library()._name).LGBM_BoosterPredictForMatSingleRowFast
    found.argtypes = [ctypes.c_void_p] * 4
    return found


def _check(status: int) -> None:
    if status:
        raise _fault()


def _fault() -> FaultError:
    said = _library().LGBM_GetLastError().decode("utf-8", "replace")
    return FaultError(
        "predictor-failed",
        f"LightGBM refused: {said}",
        fix="check the installation and the model's digest: mlw doctor",
        facts={"library": "lightgbm", "said": said},
    )
