"""Promote and roll back, and tell those who answer: the file of roles that workers read."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlwright.core.files import disk_faults, make_folder_durably, write_durably
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.registry import roles
from mlwright.registry.records import ModelVersion, RoleChange, RoleName
from mlwright.registry.versions import find

FORMAT = 1


def roles_file(workspace: Workspace) -> Path:
    """Return the file that tells workers who holds which role; made from the log alone."""
    return workspace.state / "serve" / "roles.json"


def promote(workspace: Workspace, version: ModelVersion, *, reason: str) -> RoleChange:
    """Make a version live, in the log and then for those who answer.

    Where it is live already the file is still brought up to date: a promotion that ended between
    the two is finished by asking for it again.
    """
    change = roles.promote(workspace.ledger, version, reason=reason)
    project_roles(workspace)
    return change


def rollback(workspace: Workspace, endpoint: str, *, reason: str) -> RoleChange:
    """Make the version live that was live before, in the log and then for those who answer."""
    change = roles.rollback(workspace.ledger, endpoint, reason=reason)
    project_roles(workspace)
    return change


def project_roles(workspace: Workspace) -> bool:
    """Write the file of roles from the log, and return whether it said something else before.

    The log is read while the file's lock is held, so an older view never follows a newer one.
    """
    target = roles_file(workspace)
    with _locked(target.with_suffix(".lock")):
        size, endpoints = workspace.ledger.size, held_roles(workspace.ledger)
        if _written(target) == endpoints:
            return False
        document = {"format": FORMAT, "size": size, "endpoints": endpoints}
        content = json.dumps(document, ensure_ascii=False, indent=1).encode()
        write_durably(target, content, staging=workspace.state / "staging")
    return True


def held_roles(ledger: Ledger) -> dict[str, dict[str, dict[str, str] | None]]:
    """Return who holds live and previous, by endpoint, as the log says now."""
    endpoints: dict[str, dict[str, dict[str, str] | None]] = {}
    names = (RoleName.LIVE.value, RoleName.PREVIOUS.value)
    for row in ledger.roles():
        if row.role in names:
            held = endpoints.setdefault(row.endpoint, dict.fromkeys(names))
            version = find(ledger, row.ref)
            held[row.role] = {
                "ref": version.ref,
                "model": version.model,
                "package": str(version.package),
            }
    return {name: held for name, held in endpoints.items() if held[RoleName.LIVE.value]}


def _written(file: Path) -> object:
    """Return what the file says now; what cannot be read is written again."""
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    known = isinstance(document, dict) and document.get("format") == FORMAT
    return document.get("endpoints") if known else None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with disk_faults(file):
        make_folder_durably(file.parent)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
