"""Serve a project: who answers, from when to when, and what the log is told of it."""

from __future__ import annotations

import json
import os
import platform
import selectors
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from shutil import rmtree
from time import monotonic
from typing import Protocol

from mlwright import __version__
from mlwright.core.digest import Digest
from mlwright.core.errors import MlwrightError, NotFoundError
from mlwright.core.records import load
from mlwright.flows.example import curl_line
from mlwright.flows.promoting import held_roles, project_roles, roles_file
from mlwright.flows.sealing import Sealer, begin_after_sealed
from mlwright.flows.slowness import slow_words
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.registry.records import RoleName
from mlwright.registry.versions import find, require_name, versions
from mlwright.run.environments.record import cpu_level
from mlwright.scoring.records import ModelPackage
from mlwright.serve.children import Child, Crew
from mlwright.serve.config import WorkerConfig
from mlwright.serve.listening import address, listen, serving_turn
from mlwright.serve.settings import ServeSettings
from mlwright.serve.supervisor import Asked, asked_to_end, pages, supervise, worker

_PATIENCE = 10.0  # seconds in which the workers of a killed server leave their port, at worst


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One endpoint that answers: its name, who is live there, and where it is asked.

    ``slow`` says what a model of the user's own is, which a process apart answers for.
    """

    endpoint: str
    ref: str
    model: str
    url: str
    slow: str | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """What a person or program needs to use what is served now."""

    address: str
    ui: str | None
    log: str
    workers: int
    pid: int
    models: tuple[ServedModel, ...]
    example: str


class ServeListener(Protocol):
    """Hears when requests are taken, and what has to be told while they are."""

    def ready(self, serving: Serving) -> None:
        """Hear that every process answers."""

    def told(self, error: MlwrightError) -> None:
        """Hear of a process that ended, or of records that could not be sealed."""


def serve(
    workspace: Workspace,
    *,
    names: Sequence[str],
    with_pages: bool,
    listener: ServeListener,
    environ: Mapping[str, str],
) -> int:
    """Answer for every endpoint with a live version, or for ``names``, until asked to end.

    Returns
    -------
    signal
        The number of the signal that asked.

    Raises
    ------
    NotFoundError
        ``endpoint-unknown``; ``nothing-live``.
    UsageError
        ``serve-running`` when this project is served already.
    FaultError
        ``port-taken`` and other faults of starting.
    """
    settings = workspace.settings.section(ServeSettings)
    live = live_refs(workspace, names)
    folder = workspace.state / "serve"
    with ExitStack() as stack:
        turn = stack.enter_context(serving_turn(folder))
        patience = _PATIENCE if turn.orphaned else 0.0
        socket = stack.enter_context(
            listen(settings.host, settings.port, option="--port", patience=patience)
        )
        if with_pages:  # only to know that the port is free: the pages' own process takes it
            listen(settings.host, settings.ui_port, option="--ui-port", patience=patience).close()
        project_roles(workspace)
        begin_after_sealed(workspace)
        rmtree(folder / "metrics", ignore_errors=True)  # counts begin with the server
        selector = stack.enter_context(selectors.DefaultSelector())
        asked = stack.enter_context(asked_to_end(selector))
        at = address(settings.host, socket)
        config = WorkerConfig(
            fd=socket.fileno(),
            parent_fd=-1,
            store=str(workspace.state / "store"),
            records=str(workspace.records),
            roles=str(roles_file(workspace)),
            metrics=str(folder / "metrics"),
            worker=0,
            environment=serving_environment(),
            settings=settings,
            only=tuple(names),
        )
        workers = [
            Child(f"worker {n}", worker(n, config, folder, environ), clock=monotonic)
            for n in range(1, (settings.workers or _cores()) + 1)
        ]
        ui = (
            [Child("the pages", pages(_ui(workspace, settings, at), environ), clock=monotonic)]
            if with_pages
            else []
        )
        crew = Crew([*workers, *ui], selector, tell=listener.told)
        sealer = stack.enter_context(Sealer(workspace, tell=listener.told))

        answering: dict[str, str] = {}

        def started(refs: Mapping[str, str]) -> None:
            _record(workspace, "serve.started", refs, _facts(settings, len(workers)))
            answering.update(refs)

        def ready() -> None:
            started(live)
            listener.ready(_serving(workspace, settings, at, len(workers), live, ui))

        supervise(
            crew,
            asked,
            ready=ready,
            tick=_follow(workspace, names, answering, started),
            close=socket.close,
            tell=listener.told,
            drain=settings.drain,
        )
        sealer.finish()
        return _ended(workspace, answering, asked, listener.told)


def require_servable(workspace: Workspace) -> None:
    """Refuse what :func:`serve` would refuse, before the work it is to crown is done.

    Raises
    ------
    MlwrightError
        ``serve-running``, ``port-taken`` and ``listen-failed``.
    """
    settings = workspace.settings.section(ServeSettings)
    with serving_turn(workspace.state / "serve"):
        listen(settings.host, settings.port, option="--port").close()
        listen(settings.host, settings.ui_port, option="--ui-port").close()


def live_refs(workspace: Workspace, names: Iterable[str]) -> dict[str, str]:
    """Return the version that is live at each endpoint, of those named or of all.

    Raises
    ------
    NotFoundError
        ``endpoint-unknown`` for a name no model has; ``nothing-live``.
    """
    ledger = workspace.ledger
    live = _all_live(workspace)
    wanted = tuple(names)
    known = sorted({version.name for version in versions(ledger)})
    for name in wanted:
        require_name(ledger, name)
    asleep = [name for name in wanted or known if name not in live]
    if (asleep and wanted) or not live:
        raise _nothing_live(workspace, asleep)
    return {name: ref for name, ref in live.items() if not wanted or name in wanted}


def _all_live(workspace: Workspace) -> dict[str, str]:
    return {
        endpoint: str(role["ref"])
        for endpoint, held in held_roles(workspace.ledger).items()
        if (role := held[RoleName.LIVE.value]) is not None
    }


def _nothing_live(workspace: Workspace, asleep: Sequence[str]) -> NotFoundError:
    if not asleep:
        return NotFoundError(
            "nothing-live",
            "there is no model yet, so none is live",
            fix="mlw run FILE --target COLUMN --serve makes one, promotes and serves it",
            looked=["the registered versions"],
        )
    newest = [v for v in versions(workspace.ledger, asleep[0]) if not v.failed]
    ref = newest[-1].ref if newest else f"{asleep[0]}@N"
    return NotFoundError(
        "nothing-live",
        f"no version of {', '.join(asleep)} is live",
        fix=f'mlw promote {ref} --to live --reason "…", then mlw serve',
        facts={"endpoints": list(asleep)},
        looked=["the roles of every endpoint"],
    )


def serving_environment() -> dict[str, str]:
    """Return what a worker's records say they were answered on: what can decide a bit."""
    return {
        "mlwright": __version__,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": f"{platform.system().lower()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()).strip(),
        "cpu": cpu_level(),
        "numpy": installed_version("numpy"),
        "lightgbm": installed_version("lightgbm"),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ui(workspace: Workspace, settings: ServeSettings, at: str) -> list[str]:
    return [
        "--project",
        str(workspace.folder),
        "--host",
        settings.host,
        "--port",
        str(settings.ui_port),
        "--predict-at",
        at,
    ]


def _follow(
    workspace: Workspace,
    names: Sequence[str],
    answering: dict[str, str],
    started: Callable[[Mapping[str, str]], None],
) -> Callable[[], None]:
    """Return what keeps the file of roles as the log says; the log is asked whether it grew.

    What is ``answering`` is followed to the version that does so now; an endpoint that goes live
    meanwhile is ``started``.
    """
    seen = [workspace.ledger.size]

    def tick() -> None:
        size = workspace.ledger.size
        if size != seen[0]:
            project_roles(workspace)
            seen[0] = size
            if answering:
                now = _all_live(workspace)
                new = {name: ref for name, ref in now.items() if name not in answering}
                answering.update({name: now.get(name, ref) for name, ref in answering.items()})
                if new and not names:
                    started(new)

    return tick


def _facts(settings: ServeSettings, workers: int) -> dict[str, object]:
    policy = {"unseen": settings.unseen, "out_of_range": settings.out_of_range}
    return {"log": settings.log, "workers": workers, **policy, "null": settings.null}


def _record(
    workspace: Workspace, kind: str, live: Mapping[str, str], facts: Mapping[str, object]
) -> None:
    ledger = workspace.ledger
    events = [
        NewEvent(kind, find(ledger, ref).model, {"endpoint": name, "ref": ref, **facts})
        for name, ref in live.items()
    ]
    if events:
        ledger.append(events)


def _ended(
    workspace: Workspace,
    answering: Mapping[str, str],
    asked: Asked,
    tell: Callable[[MlwrightError], None],
) -> int:
    """Record who answered until now; what hinders that is told and fails no end."""
    number = asked.signal
    if number is None:
        raise RuntimeError("serving ended without being asked to")
    try:
        _record(workspace, "serve.stopped", answering, {"signal": number.name})
    except MlwrightError as error:
        tell(error)
    return int(number)


def _slow(workspace: Workspace, package: Digest) -> str | None:
    return slow_words(load(ModelPackage, workspace.store.get(package)), workspace.store)


def _serving(
    workspace: Workspace,
    settings: ServeSettings,
    at: str,
    workers: int,
    live: Mapping[str, str],
    ui: Sequence[Child],
) -> Serving:
    models = tuple(
        ServedModel(
            name, ref, version.model, f"{at}/{name}/predict", _slow(workspace, version.package)
        )
        for name, ref in live.items()
        for version in (find(workspace.ledger, ref),)
    )
    return Serving(
        address=at,
        ui=str(json.loads(ui[0].said)["address"]) if ui else None,
        log=settings.log,
        workers=workers,
        pid=os.getpid(),
        models=models,
        example=curl_line(workspace, models[0].ref, models[0].url),
    )
