"""The identity of a model: a digest of everything that decides an answer, and of its answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.encoding import digest_of
from mlwright.data.records import Contract, Scalar
from mlwright.data.repair.records import CellRepair
from mlwright.features.records import Preparation
from mlwright.scoring.native.protocol import Matrix
from mlwright.scoring.records import OwnFeatures, Signature
from mlwright.train.records import Task

_ANSWERS = b"mlwright answers 1\0"


def artefact_digest(
    task: Task,
    signature: Signature,
    contract: Contract,
    preparation: Preparation,
    algorithm: str,
    predictor: Digest,
    repairs: tuple[CellRepair, ...] = (),
    own: OwnFeatures | None = None,
) -> Digest:
    """Return the digest of a model: the same parts are the same model, whoever built it when."""
    parts = {
        "kind": task.kind.value,
        "classes": task.classes,
        "signature": signature,
        "contract": contract,
        # Why a column was left out decides no answer.
        "preparation": replace(preparation, dropped=()),
        "algorithm": algorithm,
        "predictor": predictor,
        # Models from before there were repairs keep their ids.
        **({"repairs": repairs} if repairs else {}),
        # What is answered follows them, though no probability does.
        **({"costs": task.costs} if task.costs else {}),
        **({"own": own.digest} if own is not None else {}),
    }
    return digest_of(parts, tag="mlwright/model/1")


def answers_digest(answers: Matrix) -> Digest:
    """Return the digest of the float64 bits of answers, rows x outputs."""
    rows, outputs = answers.shape
    bits = np.where(np.isnan(answers), np.nan, answers).astype("<f8").tobytes()
    return digest_bytes(_ANSWERS + f"{rows}x{outputs}\0".encode() + bits)


def output_names(classes: tuple[Scalar, ...], what: str = "probability") -> tuple[str, ...]:
    """Return the names of a model's outputs.

    >>> output_names((False, True))
    ('probability:false', 'probability:true')
    """
    return tuple(f"{what}:{_text(each)}" for each in classes) or ("value",)


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
