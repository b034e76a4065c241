"""FastAPI before our scorer; ``uvicorn fastapi_scorer:app``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ours import opened
from pydantic import create_model

folder = Path(os.environ["MODEL_FOLDER"])
recipe = json.loads((folder / "recipe.json").read_text())
scorer = opened(folder)
app = FastAPI()

numbers: dict[str, Any] = dict.fromkeys(recipe["numbers"], (int | float | None, None))
texts: dict[str, Any] = dict.fromkeys(recipe["categories"], (str, ...))
Flight = create_model("Flight", **numbers, **texts)


@app.get("/readyz")
async def ready() -> dict[str, bool]:
    return {"ready": True}


@app.post("/predict")
async def predict(flight: Flight) -> dict[str, float]:
    row = flight.model_dump()
    return {"probability": scorer.predict_row(row)[1]}
