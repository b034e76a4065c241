"""Names of models: none means something else where a name may stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.cli.commands.ls import NOUNS
from mlwright.cli.main import COMMANDS
from mlwright.core.errors import UsageError
from mlwright.core.ids import Noun
from mlwright.flows import stages
from mlwright.flows.findings.catalogue import FINDINGS
from mlwright.registry.records import RoleName
from mlwright.registry.versions import RESERVED, allowed_name, valid_name

ENDPOINTS = {"v2", "api", "why", "prove", "labels", "invocations", "metrics", "healthz", "readyz"}


def test_every_command_step_role_list_and_address_is_reserved() -> None:
    words = {*COMMANDS, *NOUNS, *ENDPOINTS, "audit", "spec", "settings", "latest", "search"}
    words |= {each.name for each in FINDINGS}
    words |= {each.name for each in stages.REPAIRING} | {role.value for role in RoleName}

    assert words - RESERVED == set()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        *((word, f"{word}-model") for word in ("audit", "live", "spec", "search", "latest", "v2")),
        ("Audit", "Audit-model"),
        *((f"{noun.value}_abc", f"{noun.value}-abc") for noun in Noun),
        ("e_1", "e-1"),
        ("m_", "m"),
        ("is late?", "is-late"),
        ("a/b", "a-b"),
        ("", "my-model"),
        ("-", "my-model"),
        ("x" * 81, "x" * 80),
        ("0" * 79 + "-0", "0" * 79),
    ],
)
def test_a_name_that_means_something_else_is_refused_and_the_nearest_allowed_one_named(
    name: str, near: str
) -> None:
    with pytest.raises(UsageError, match="model-name") as caught:
        valid_name(name)

    assert caught.value.facts["nearest"] == near
    assert f"--name {near}" in caught.value.fix
    assert valid_name(near) == near


@given(st.text() | st.sampled_from(sorted(RESERVED)) | st.from_regex(r"[dcrmple]_\w*"))
def test_a_name_made_from_any_target_is_allowed_and_stays_the_same(target: str) -> None:
    name = allowed_name(target)

    assert valid_name(name) == allowed_name(name) == name
