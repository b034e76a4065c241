"""Every answer is given again to the last bit, whoever is live by then."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any

from tests.acceptance.conftest import Within
from tests.acceptance.four import MODELS, OTHERS, Four, four, made_once, sent_rows
from tests.acceptance.serving import Server, ask, serving

from mlwright.api.project import Project

__all__ = ["four", "made_once"]

ANSWERS = 10


def _ids(server: Server, four: Four, name: str, version: str) -> list[str]:
    """Ask ten rows, half of them alone and half together, of a version once it answers."""
    rows = sent_rows(four.unseen(name))[:ANSWERS]
    with closing(server.connect()) as connection:
        latest = time.monotonic() + 60
        while (said := ask(connection, name, rows[0]))[1] != version:
            assert time.monotonic() < latest, f"{said[1]} answers, not {version}"
            time.sleep(0.05)
        alone = [said[2], *(ask(connection, name, row)[2] for row in rows[1:5])]
        body = json.dumps({column: [row[column] for row in rows[5:]] for column in rows[0]})
        connection.request("POST", f"/{name}/predict", body, {"content-type": "application/json"})
        together: dict[str, Any] = json.loads(connection.getresponse().read())
    assert together["model"] == version
    return [*alone, *(each["id"] for each in together["predictions"])]


def _differing(four: Four, ids: dict[str, list[str]]) -> list[str]:
    """Prove each in this process; return what is not exact."""
    with Project.open(four.folder) as project:
        proofs = [project.prove(each) for several in ids.values() for each in several]
    assert len(proofs) == sum(map(len, ids.values()))
    return [f"{p.subject}: {p.verdict} {p.why}" for p in proofs if p.verdict.value != "exact"]


def test_ten_answers_of_each_model_are_proved_also_after_another_version_came_and_went(
    four: Four,
) -> None:
    mlw = Within(four.folder)
    with serving(four.folder, "serve", "--port", 0, "--no-ui", "--workers", 1) as server:
        first = {name: _ids(server, four, name, f"{name}@1") for name in MODELS}
        assert _differing(four, first) == []

        for name, models in OTHERS.items():
            ref = four.build(name, models).ref
            assert ref == f"{name}@2"
            with Project.open(four.folder) as project:
                project.promote(ref, reason="another kind")
        second = {name: _ids(server, four, name, f"{name}@2") for name in MODELS}
        for name in MODELS:
            with Project.open(four.folder) as project:
                project.rollback(name, reason="the first one was better")
        third = {name: _ids(server, four, name, f"{name}@1")[:2] for name in MODELS}

        assert _differing(four, first) == []
        assert server.end() == 0

    # Sealed by now, and held against the roots in the log.
    for answered in (first, second, third):
        assert _differing(four, answered) == []
    for name in MODELS:
        proof = mlw.good("prove", first[name][0])
        assert (proof["verdict"], proof["subject"]) == ("exact", first[name][0])
