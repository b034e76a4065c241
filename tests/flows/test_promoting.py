"""The file of roles: always what the log says, whoever writes it last."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.registry.packages import package_of

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.digest import digest_bytes
from mlwright.core.errors import MlwrightError, NotFoundError
from mlwright.core.ids import Noun, content_id
from mlwright.core.seam import ReplaySeam
from mlwright.core.settings import resolve
from mlwright.flows.promoting import project_roles, promote, roles_file, rollback
from mlwright.flows.serving import _ended, _follow
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.registry import roles
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import register
from mlwright.serve.supervisor import Asked
from mlwright.store.memory import MemoryStore


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    seam = ReplaySeam()
    settings = resolve({}, flags={}, environ={}, document={}, document_name=None)
    with Ledger.in_memory(seam) as ledger:
        yield Workspace(tmp_path, MemoryStore(), ledger, settings, seam)


def _register(workspace: Workspace, content: bytes, name: str = "price") -> ModelVersion:
    package = package_of(content)
    check = content_id(Noun.CHECK, digest_bytes(name.encode() + content))
    verdict = Verdict(check, "gain > 0", "gain", package.id, Outcome.PASS, 0.1, None, None, "0.1")
    return register(
        workspace.ledger,
        name=name,
        package=package,
        package_object=digest_bytes(b"package" + content),
        evaluation_object=digest_bytes(b"evaluation" + content),
        run="r_" + "a" * 26,
        data="d_" + "b" * 26,
        verdicts=[verdict],
    )


def _file(workspace: Workspace) -> Any:
    return json.loads(roles_file(workspace).read_bytes())


def test_promote_and_rollback_leave_the_file_as_the_log_is(workspace: Workspace) -> None:
    first, second = (_register(workspace, content) for content in (b"1", b"2"))
    other = _register(workspace, b"3", name="rent")

    promote(workspace, first, reason="first")
    promote(workspace, second, reason="better")
    promote(workspace, other, reason="another endpoint")

    written = _file(workspace)
    assert (written["format"], written["size"]) == (1, workspace.ledger.size)
    assert written["endpoints"]["price"] == {
        "live": {"ref": "price@2", "model": second.model, "package": second.package},
        "previous": {"ref": "price@1", "model": first.model, "package": first.package},
    }
    assert written["endpoints"]["rent"]["live"]["ref"] == "rent@1"
    assert written["endpoints"]["rent"]["previous"] is None

    rollback(workspace, "price", reason="worse")

    back = _file(workspace)["endpoints"]["price"]
    assert (back["live"]["ref"], back["previous"]) == ("price@1", None)


def test_a_move_another_process_did_not_get_to_write_is_written_later(workspace: Workspace) -> None:
    version = _register(workspace, b"1")
    roles.promote(workspace.ledger, version, reason="killed before the file was written")

    again = promote(workspace, version, reason="again")

    assert not again.moved
    assert _file(workspace)["endpoints"]["price"]["live"]["ref"] == "price@1"


def test_the_file_is_written_only_when_it_would_say_something_else(workspace: Workspace) -> None:
    promote(workspace, _register(workspace, b"1"), reason="first")
    before = roles_file(workspace).stat()

    same = project_roles(workspace)
    after = roles_file(workspace).stat()
    roles_file(workspace).write_text("{")
    mended = project_roles(workspace)

    assert (same, after.st_ino, after.st_mtime_ns) == (False, before.st_ino, before.st_mtime_ns)
    assert mended
    assert _file(workspace)["endpoints"]["price"]["live"]["ref"] == "price@1"


def test_a_refused_move_leaves_the_file_alone(workspace: Workspace) -> None:
    promote(workspace, _register(workspace, b"1"), reason="first")
    before = roles_file(workspace).read_bytes()

    with pytest.raises(NotFoundError, match="no earlier live version"):
        rollback(workspace, "price", reason="nothing to go back to")

    assert roles_file(workspace).read_bytes() == before


def test_the_log_tells_that_what_was_started_or_followed_has_stopped_and_nothing_else(
    workspace: Workspace,
) -> None:
    first, second = _register(workspace, b"1"), _register(workspace, b"2")
    other = _register(workspace, b"3", name="rent")
    promote(workspace, first, reason="first")
    asked, answering = Asked(), {first.name: first.ref}
    asked.heard(signal.SIGTERM, None)
    told: list[MlwrightError] = []
    started: list[dict[str, str]] = []

    before_any_answer = _ended(workspace, {}, asked, told.append)
    tick = _follow(workspace, ["price"], answering, lambda refs: started.append(dict(refs)))
    of_all = _follow(workspace, [], dict(answering), lambda refs: started.append(dict(refs)))
    promote(workspace, second, reason="second")
    promote(workspace, other, reason="of another endpoint")
    tick()
    of_all()
    after = _ended(workspace, answering, asked, told.append)
    of_nobody = _ended(workspace, {"gone": "gone@7"}, asked, told.append)

    stopped = list(workspace.ledger.events(kind="serve.stopped"))
    assert before_any_answer == after == of_nobody == signal.SIGTERM
    assert [event.facts["ref"] for event in stopped] == [second.ref]
    assert started == [{"rent": other.ref}]
    assert [error.exit_code for error in told] == [4]
