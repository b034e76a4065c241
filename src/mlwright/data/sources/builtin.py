"""The small data sets that come with scikit-learn, for a first try without any file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from mlwright.core.errors import NotFoundError, listed, nearest
from mlwright.data.sources.address import Address
from mlwright.data.sources.raw import RawTable

FORMAT = "sklearn"
NAMES: Mapping[str, str] = MappingProxyType(
    {name: f"load_{name}" for name in ("breast_cancer", "diabetes", "digits", "iris", "wine")}
)


def read(address: Address) -> RawTable:
    """Return a data set with its ``target`` as the last column, classes by their names.

    Raises
    ------
    NotFoundError
        ``source-missing``, with the nearest name.
    """
    name = address.target.partition(":")[2]
    if name not in NAMES:
        close = nearest(name, NAMES)
        raise NotFoundError(
            "source-missing",
            f"scikit-learn brings no data set {name!r}"
            + (f"; did you mean {close!r}?" if close else ""),
            fix=f"name one of {listed(list(NAMES))}: sklearn:{close or 'iris'}",
            facts={"path": address.text, "nearest": close},
            looked=["scikit-learn's own sets"],
        )
    from sklearn import datasets

    found = getattr(datasets, NAMES[name])()
    columns = {str(label): found.data[:, place] for place, label in enumerate(found.feature_names)}
    classes = [str(each) for each in getattr(found, "target_names", ())]
    numbers = all(each.isdecimal() for each in classes)
    target = found.target if numbers else [classes[each] for each in found.target]
    return RawTable(pl.DataFrame({**columns, "target": target}), (), FORMAT)
