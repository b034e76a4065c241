"""From a model's stored content to its native predictor, by algorithm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlwright.core.errors import FaultError
from mlwright.scoring.native.blend import BlendModel
from mlwright.scoring.native.centres import CentresModel
from mlwright.scoring.native.dummy import DummyModel
from mlwright.scoring.native.foreign import ForeignModel
from mlwright.scoring.native.lightgbm import LightgbmModel
from mlwright.scoring.native.linear import LinearModel
from mlwright.scoring.native.protocol import Native
from mlwright.scoring.native.usual import UsualModel

_NATIVES: Mapping[str, Callable[..., Native]] = {
    "blend": BlendModel,
    "centres": CentresModel,
    "dummy": DummyModel,
    "foreign": ForeignModel,
    "linear": LinearModel,
    "usual": UsualModel,
    # Trees of every library are stored as LightGBM's text.
    "lightgbm": LightgbmModel,
    "xgboost": LightgbmModel,
    "catboost": LightgbmModel,
    "hist": LightgbmModel,
    "extra_trees": LightgbmModel,
    "additive": LightgbmModel,
}


def open_native(algorithm: str, content: bytes, *, features: int, outputs: int) -> Native:
    """Return the predictor behind ``content``.

    Raises
    ------
    FaultError
        ``algorithm-unknown`` when this version cannot score models of that algorithm.
    BrokenError
        ``predictor-broken`` when the content does not fit.
    """
    native = _NATIVES.get(algorithm)
    if native is None:
        raise FaultError(
            "algorithm-unknown",
            f"this version cannot score models of the algorithm {algorithm!r}",
            fix="install the version of mlwright that made the model",
            facts={"algorithm": algorithm},
            looked=list(_NATIVES),
        )
    return native(content, features=features, outputs=outputs)
