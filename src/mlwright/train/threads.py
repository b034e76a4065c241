"""Threads: one for BLAS, whose sums depend on how many share them; patience for the others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold every BLAS in the process to one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def wait_passively() -> None:
    """Let OpenMP threads sleep while they wait, unless the user said otherwise.

    Spinning, two threads on cores that others use too take ten times as long as one. OpenMP
    reads this when it is loaded, so it is called before the library that brings it.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def openmp_threads(count: int) -> Iterator[None]:
    """Let loaded OpenMP libraries use so many threads: those that take the number from no one."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=count, user_api="openmp"):
        yield
