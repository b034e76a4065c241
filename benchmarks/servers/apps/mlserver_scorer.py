"""A custom runtime of MLServer around our scorer."""

from __future__ import annotations

import os
from pathlib import Path

from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput
from ours import opened


class Flights(MLModel):
    """Takes a tensor a column, as MLServer's pandas codec does, without the table."""

    async def load(self) -> bool:
        """Open the scorer."""
        self._scorer = opened(Path(os.environ["MODEL_FOLDER"]))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer with the probability of each row."""
        columns = {each.name: each.data.root for each in payload.inputs}
        height = len(payload.inputs[0].data.root)
        if height == 1:
            row = {name: cells[0] for name, cells in columns.items()}
            found = [self._scorer.predict_row(row)[1]]
        else:
            found = self._scorer.predict_columns(columns, height)[:, 1].tolist()
        output = ResponseOutput(name="probability", shape=[len(found)], datatype="FP64", data=found)
        return InferenceResponse(model_name=self.name, outputs=[output])
