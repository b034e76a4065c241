"""A package of a model that was never trained: as little as a version can be registered of."""

from __future__ import annotations

from mlwright.core.digest import digest_bytes
from mlwright.core.ids import Noun, content_id
from mlwright.data.records import Contract
from mlwright.features.records import Preparation
from mlwright.scoring.records import ModelPackage, Signature
from mlwright.train.records import Configuration, Task, TaskKind


def package_of(content: bytes) -> ModelPackage:
    """Return a package whose id depends on ``content`` alone."""
    artefact = digest_bytes(content)
    return ModelPackage(
        id=content_id(Noun.MODEL, artefact),
        artefact=artefact,
        task=Task(TaskKind.REGRESSION, "price", (), "rmse", "a number"),
        signature=Signature((), ("value",)),
        contract=Contract((), ()),
        preparation=Preparation("tree", (), (), (), (), ()),
        configuration=Configuration("dummy", "dummy", {}),
        predictor=artefact,
        probe=artefact,
        probe_answers=artefact,
        verified_rows=0,
    )
