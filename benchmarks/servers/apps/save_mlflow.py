"""Save the pipeline as ``mlflow models serve`` wants it: ``save_mlflow.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import mlflow.sklearn


def main(folder: Path) -> None:
    mlflow.sklearn.save_model(
        joblib.load(folder / "model.joblib"),
        str(folder / "mlflow"),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=[],
        serialization_format="cloudpickle",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
