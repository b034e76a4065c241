"""Our scorer, opened in another server's environment, which has numpy."""

from __future__ import annotations

from pathlib import Path

from mlwright.core.digest import Digest
from mlwright.core.records import load as load_record
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.store.local import LocalStore


def opened(folder: Path) -> Scorer:
    """Return the scorer of the model in a folder."""
    store = LocalStore(folder / "store", writable=False)
    digest = Digest((folder / "package").read_text())
    return load(load_record(ModelPackage, store.get(digest)), store)
