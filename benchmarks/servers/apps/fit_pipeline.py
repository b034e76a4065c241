"""Fit the same model as a pipeline, its trees saved too: ``fit_pipeline.py FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder


def fitted(folder: Path) -> Pipeline:
    """Return the pipeline fitted to the rows our model was trained on."""
    recipe = json.loads((folder / "recipe.json").read_text())
    frame = pd.read_json(folder / "train.jsonl", lines=True, convert_dates=False)
    model = LGBMClassifier(**recipe["lightgbm"])
    features = frame.drop(columns=recipe["target"])
    return make_pipeline(preparation(recipe), model).fit(features, frame[recipe["target"]])


def preparation(recipe: dict[str, Any]) -> Any:
    """Return what makes numbers of a table's columns; of numbers alone there is little to do."""
    categories = recipe["categories"]
    if not categories:
        return SimpleImputer()
    # Ours gives the rare and the unseen one code after the frequent ones; for the trees any
    # greater one is the same.
    encoder = OrdinalEncoder(
        categories=list(categories.values()),
        handle_unknown="use_encoded_value",
        unknown_value=max(map(len, categories.values())),
    )
    return ColumnTransformer(
        [("numbers", "passthrough", recipe["numbers"]), ("texts", encoder, list(categories))]
    )


def main(folder: Path) -> None:
    pipeline = fitted(folder)
    joblib.dump(pipeline, folder / "model.joblib")
    pipeline[-1].booster_.save_model(folder / "trees.bst")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
