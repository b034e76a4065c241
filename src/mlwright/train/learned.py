"""The learned portfolio: configurations in the order in which they were found to help most.

``portfolio.json`` beside this module is written by ``scripts/learn_portfolio.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from mlwright.train.records import Configuration

SCHEMA = "mlwright/portfolio/1"
FILE = "portfolio.json"


def read(document: Mapping[str, Any]) -> tuple[Configuration, ...]:
    """Return the configurations of a learned portfolio, the most helpful first."""
    if document["schema"] != SCHEMA:
        raise ValueError(f"{FILE}: {document['schema']!r} is no {SCHEMA!r}")
    return tuple(
        Configuration(
            str(each["name"]), str(each["algorithm"]), dict(each["parameters"]), each["recipe"]
        )
        for each in document["configurations"]
    )


LEARNED = read(json.loads(files(__package__).joinpath(FILE).read_bytes()))
"""The configurations that ship with this version."""
