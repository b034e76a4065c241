"""Two layers of PyTorch's, trained the same to the bit each time, kept without a pickle."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save

import mlwright as mw

EPOCHS, ROWS_A_STEP = 15, 128


class Network:
    """A network that answers with the chance of each class."""

    def __init__(self, layers: torch.nn.Sequential) -> None:
        self.layers = layers.eval()

    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chances, rows x classes, of ``X``, rows x features."""
        with torch.no_grad():
            scores = self.layers(torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32)))
            return torch.softmax(scores.double(), dim=1).numpy()

    def to_bytes(self) -> bytes:
        """Return the weights as safetensors: numbers, and nothing that could be run."""
        return save(self.layers.state_dict())

    @classmethod
    def from_bytes(cls, held: bytes) -> Network:
        """Return the network whose weights :meth:`to_bytes` wrote."""
        weights = load(held)
        width, features = weights["0.weight"].shape
        layers = network(features, width, len(weights["2.bias"]))
        layers.load_state_dict(weights)
        return cls(layers)


def network(features: int, width: int, classes: int) -> torch.nn.Sequential:
    """Return a network of one hidden layer."""
    return torch.nn.Sequential(
        torch.nn.Linear(features, width), torch.nn.ReLU(), torch.nn.Linear(width, classes)
    )


@mw.train
def fit(train: mw.Fold, valid: mw.Fold | None, params: dict[str, Any], ctx: mw.Context) -> Network:
    """Fit by Adam on the cross-entropy; all that is random follows from ``ctx.seed``."""
    torch.manual_seed(ctx.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    X, y = torch.from_numpy(train.X).float(), torch.from_numpy(train.y)
    layers = network(X.shape[1], params["width"], len(ctx.classes))
    steps = torch.optim.Adam(layers.parameters(), lr=3e-3)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(X)).split(ROWS_A_STEP):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(layers(X[rows]), y[rows]).backward()
            steps.step()
    return Network(layers)
