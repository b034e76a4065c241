"""A contract as a person sees and edits it: the `[contract]` that would make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlwright.core import toml
from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.encoding import plain
from mlwright.core.errors import UsageError
from mlwright.core.ids import Noun, noun_of, short
from mlwright.core.records import dump, load
from mlwright.data.contract import infer, written
from mlwright.data.profile import profile
from mlwright.data.records import Contract
from mlwright.data.split import sealed
from mlwright.data.table import read
from mlwright.flows.contracting import contract_version
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.outputs import step_output
from mlwright.flows.records import ContractVersion
from mlwright.flows.splitting import splits_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.registry.versions import find, versions
from mlwright.scoring.records import ModelPackage
from mlwright.serve.settings import ServeSettings


@dataclass(frozen=True, slots=True)
class ContractText:
    """A contract with its lines by key, as TOML, and which version of whose it is."""

    of: str
    lines: Mapping[str, str]
    toml: str
    digest: Digest
    version: ContractVersion | None
    contract: Contract

    @property
    def document(self) -> Mapping[str, object]:
        """The contract for programs."""
        return {
            "of": self.of,
            "digest": self.digest,
            "version": plain(self.version),
            "lines": dict(self.lines),
            "features": plain(self.contract.features),
            "toml": self.toml,
        }


def contract_text(ref: str | None, workspace: Workspace) -> ContractText:
    """Return the contract of a model (a bare name's newest version) or of a data version.

    Data that no model was made of has the contract that would be told from its rows.

    Raises
    ------
    UsageError
        ``contract-unnamed`` where nothing is named and there is not just one model.
    """
    if ref is None:
        names = sorted({version.name for version in versions(workspace.ledger)})
        if len(names) != 1:
            raise UsageError(
                "contract-unnamed",
                "whose contract is to be shown?",
                fix="give a model or a data version: mlw show contract NAME",
                looked=[f"the {len(names)} model names"],
            )
        (ref,) = names
    if noun_of(ref) is Noun.DATA:
        return _of_data(resolve(ref, workspace.ledger), workspace)
    version = find(workspace.ledger, ref)
    package = load(ModelPackage, workspace.store.get(version.package))
    made = contract_version(version.name, package.contract, workspace)
    return _text(version.ref, package.contract, made, workspace)


def _of_data(data: str, workspace: Workspace) -> ContractText:
    for version in reversed(versions(workspace.ledger)):
        if version.data == data:
            contract = step_output(version.run, "contract", Contract, workspace)
            made = contract_version(version.name, contract, workspace)
            return _text(data, contract, made, workspace)
    rows = read(snapshot_of(data, workspace), workspace.store)
    _, splits = splits_of(workspace, data)
    unsealed = rows.filter(~sealed(rows, splits))
    return _text(data, infer(profile(unsealed), ""), None, workspace)


def _text(
    of: str, contract: Contract, version: ContractVersion | None, workspace: Workspace
) -> ContractText:
    lines = lines_told(contract, workspace)
    digest = digest_bytes(dump(contract))
    told = [f"# contract of {of}: {'; '.join(_about(version, digest))}", "[contract]"]
    told += [f"{toml.key(key)} = {toml.text(text)}" for key, text in lines.items()]
    told += [
        f"# {feature.name}: {feature.low!r} to {feature.high!r}, which no line can say exactly"
        for feature in contract.features
        if feature.low is not None and feature.name not in lines
    ]
    return ContractText(of, lines, "\n".join(told) + "\n", digest, version, contract)


def lines_told(contract: Contract, workspace: Workspace) -> Mapping[str, str]:
    """Return the lines of a contract by key, as they would be written under ``[contract]``."""
    null = workspace.settings.section(ServeSettings).null
    return {line.key: line.told for line in written(contract, null=null)}


def _about(version: ContractVersion | None, digest: Digest) -> Iterator[str]:
    if version is None:
        yield f"told from its rows, agreed by no run, {digest}"
        return
    yield f"version {version.number}, {digest}"
    yield f"agreed {version.time} by {version.actor}"
    if version.kept_from is not None:
        yield f"kept from version {version.kept_from}"
    else:
        yield f"told from {short(version.data)}"
    if version.stated:
        yield f"stated: {', '.join(key for key, _ in version.stated)}"
