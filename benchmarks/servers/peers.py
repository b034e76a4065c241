"""The other servers: how each is set up and started, what it is sent, where its answer is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.environments import environment
from servers.process import Running, free_port, running
from servers.table import Row

_APPS = Path(__file__).parent / "apps"
_SOURCE = Path(__file__).parents[2] / "src"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_SKLEARN, _LIGHTGBM = "mlserver_sklearn.SKLearnModel", "mlserver_lightgbm.LightGBMModel"

Body = Callable[[Sequence[Row]], bytes]


@dataclass(frozen=True, slots=True)
class Peer:
    """One server to compare with.

    ``command`` takes the folder of the model and a port; ``body`` writes a request of rows and
    ``probabilities`` reads the answers from the response.
    """

    name: str
    environment: str
    command: Callable[[Path, Path, int], list[str]]
    ready: str
    path: str
    body: Body
    probabilities: Callable[[bytes], list[float]]


@contextmanager
def serving(peer: Peer, folder: Path, core: int) -> Iterator[Running]:
    """Start a peer on a core for the block."""
    port = free_port()
    programs = environment(peer.environment)
    environ = {
        **_ONE_THREAD,
        "MODEL_FOLDER": str(folder),
        "PYTHONPATH": os.pathsep.join((str(_APPS), str(_SOURCE))),
        "PYTHONWARNINGS": "ignore",
        "PATH": os.pathsep.join((str(programs), os.environ["PATH"])),
    }
    with running(
        peer.command(programs, folder, port),
        port=port,
        ready=peer.ready,
        core=core,
        environ=environ,
        log=folder / "server.log",
    ) as started:
        yield started


def prepare(folder: Path) -> None:
    """Fit the pipeline on our rows, and save it as each server wants it."""
    for name, script in (("fastapi", "fit_pipeline.py"), ("mlflow", "save_mlflow.py")):
        python = environment(name) / "python"
        done = subprocess.run(
            [str(python), "-W", "ignore", str(_APPS / script), str(folder)],
            env={**os.environ, **_ONE_THREAD},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{script} failed:\n{done.stderr[-3000:]}")


def peers(recipe: Mapping[str, Any]) -> dict[str, Peer]:
    """Return every peer by a short name."""
    return {
        "fastapi": Peer(
            "FastAPI, scikit-learn pipeline",
            "fastapi",
            _uvicorn("fastapi_pipeline:app"),
            "/readyz",
            "/predict",
            one_row,
            _probability,
        ),
        "mlserver": Peer(
            "MLServer, its scikit-learn runtime",
            "mlserver",
            _mlserver(_SKLEARN, "model.joblib"),
            *_V2,
            _columns(recipe, {"parameters": {"content_type": "pd"}, "outputs": [_PROBABILITIES]}),
            _second_of_two,
        ),
        "mlflow": Peer(
            "MLflow models serve",
            "mlflow",
            _mlflow,
            "/ping",
            "/invocations",
            _split,
            lambda answer: [two[1] for two in json.loads(answer)["predictions"]],
        ),
        "fastapi+scorer": Peer(
            "FastAPI, our scorer",
            "fastapi",
            _uvicorn("fastapi_scorer:app"),
            "/readyz",
            "/predict",
            one_row,
            _probability,
        ),
        "mlserver+scorer": Peer(
            "MLServer, our scorer",
            "mlserver",
            _mlserver("mlserver_scorer.Flights", ""),
            *_V2,
            _columns(recipe, {}),
            lambda answer: json.loads(answer)["outputs"][0]["data"],
        ),
        "mlserver+numbers": Peer(
            "MLServer, LightGBM, numbers sent",
            "mlserver",
            _mlserver(_LIGHTGBM, "trees.bst"),
            *_V2,
            _matrix(recipe),
            lambda answer: json.loads(answer)["outputs"][0]["data"],
        ),
    }


_V2 = ("/v2/health/ready", "/v2/models/flights/infer")
_PROBABILITIES = {"name": "predict_proba"}


def one_row(rows: Sequence[Row]) -> bytes:
    """Return one row as a JSON object."""
    (row,) = rows
    return _json(row)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _probability(answer: bytes) -> list[float]:
    return [json.loads(answer)["probability"]]


def _second_of_two(answer: bytes) -> list[float]:
    found: list[float] = json.loads(answer)["outputs"][0]["data"]
    return found[1::2]


def _split(rows: Sequence[Row]) -> bytes:
    names = list(rows[0])
    return _json({"dataframe_split": {"columns": names, "data": [list(r.values()) for r in rows]}})


def _columns(recipe: Mapping[str, Any], rest: Mapping[str, Any]) -> Body:
    """Return what writes rows as one tensor a column, as the Open Inference Protocol has it."""

    def body(rows: Sequence[Row]) -> bytes:
        inputs = []
        for name in rows[0]:
            text = name in recipe["categories"]
            tensor = {
                "name": name,
                "shape": [len(rows), 1],
                "datatype": "BYTES" if text else "FP64",
                "data": [row[name] for row in rows],
            }
            inputs.append({**tensor, "parameters": {"content_type": "str"}} if text else tensor)
        return _json({"inputs": inputs, **rest})

    return body


def _matrix(recipe: Mapping[str, Any]) -> Body:
    """Return what writes rows as one matrix, the categories as codes: the client prepares."""
    codes = {
        name: {text: place for place, text in enumerate(texts)}
        for name, texts in recipe["categories"].items()
    }
    other = max(map(len, codes.values()), default=0)

    def body(rows: Sequence[Row]) -> bytes:
        cells = [
            codes[name].get(cell, other) if name in codes else cell
            for row in rows
            for name, cell in row.items()
        ]
        shape = [len(rows), len(rows[0])]
        tensor = {"name": "flights", "shape": shape, "datatype": "FP64", "data": cells}
        return _json({"inputs": [tensor]})

    return body


def _uvicorn(app: str) -> Callable[[Path, Path, int], list[str]]:
    def command(programs: Path, _: Path, port: int) -> list[str]:
        return [str(programs / "uvicorn"), app, "--port", str(port), "--no-access-log"]

    return command


def _mlflow(programs: Path, folder: Path, port: int) -> list[str]:
    serve = [str(programs / "mlflow"), "models", "serve", "--model-uri", str(folder / "mlflow")]
    return [*serve, "--env-manager", "local", "--port", str(port), "--workers", "1"]


def _mlserver(implementation: str, model: str) -> Callable[[Path, Path, int], list[str]]:
    """Return what starts MLServer with one model, in one process and without its debug mode."""

    def command(programs: Path, folder: Path, port: int) -> list[str]:
        place = folder / implementation
        place.mkdir(exist_ok=True)
        ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
        settings = {**ports, "host": "127.0.0.1", "parallel_workers": 0, "debug": False}
        parameters = {"uri": str(folder / model)} if model else {}
        described = {
            "name": "flights",
            "implementation": implementation,
            "parameters": parameters,
        }
        (place / "settings.json").write_text(json.dumps(settings))
        (place / "model-settings.json").write_text(json.dumps(described))
        return [str(programs / "mlserver"), "start", str(place)]

    return command
