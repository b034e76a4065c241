"""FastAPI before the scikit-learn pipeline, as one writes it; ``uvicorn fastapi_pipeline:app``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import create_model

folder = Path(os.environ["MODEL_FOLDER"])
recipe = json.loads((folder / "recipe.json").read_text())
model = joblib.load(folder / "model.joblib")
app = FastAPI()

numbers: dict[str, Any] = dict.fromkeys(recipe["numbers"], (float | None, None))
texts: dict[str, Any] = dict.fromkeys(recipe["categories"], (str, ...))
Flight = create_model("Flight", **numbers, **texts)


@app.get("/readyz")
async def ready() -> dict[str, bool]:
    return {"ready": True}


# Not ``def``: handing each row to a thread would only cost it time.
@app.post("/predict")
async def predict(flight: Flight) -> dict[str, float]:
    frame = pd.DataFrame([flight.model_dump()])
    return {"probability": float(model.predict_proba(frame)[0, 1])}
