"""Secrets are told by name and by content, and ordinary code is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlwright
from mlwright.run.code.secrecy import secret_by_name, secret_in

SOURCE = Path(mlwright.__file__).parent
DRAWN = "q7Zt2Lm9Xv4Kp8Rw3Ns6"


@pytest.mark.parametrize(
    "name",
    [
        *(".env", "deploy/.env.production", ".netrc", "keys/server.pem", "id_rsa", "a.p12"),
        *("client_secret.json", "aws-credentials.ini", "my.password.txt", "api_token.py"),
    ],
)
def test_a_name_tells_a_secret(name: str) -> None:
    assert secret_by_name(name)


@pytest.mark.parametrize("name", ["tokenizer.py", "passwordless.md", "environment.py", "keys.py"])
def test_an_ordinary_name_tells_none(name: str) -> None:
    assert not secret_by_name(name)


def test_source_under_version_control_is_judged_by_its_content_alone() -> None:
    assert not secret_by_name("checks/tokens.py", source=True)
    assert secret_by_name("server.key", source=True)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("-----BEGIN " + "OPENSSH PRIVATE KEY-----", "a private key"),
        ("-----BEGIN " + "PGP PRIVATE KEY BLOCK-----", "a private key"),
        ("AKIA" + "ABCDEFGHIJKLMNOP", "an AWS key"),
        ("ghp_" + "a1B2" * 9, "a GitHub token"),
        ("github_pat_" + "a1B2" * 9, "a GitHub token"),
        ("glpat-" + "a1B2" * 5, "a GitLab token"),
        ("xoxb-" + "1234567890-abc", "a Slack token"),
        ("AIza" + "a1B2c" * 7, "a Google key"),
        ("sk_live_" + "a1B2" * 6, "a Stripe key"),
        ("sk-" + "a1B2c3D4" * 6, "an API key"),
        ("hf_" + "a1B2" * 9, "a Hugging Face token"),
        ("pypi-AgE" + "a1B2" * 12, "a PyPI token"),
        ("npm_" + "a1B2" * 9, "an npm token"),
        ("postgresql://ada:" + "lovelace1815@db/x", "an address with a password"),
        (f"password = '{DRAWN}'", "a password or key"),
        (f'"api_key": "{DRAWN}"', "a password or key"),
        (f"AUTH_TOKEN='{DRAWN}'", "a password or key"),
    ],
)
def test_content_tells_a_secret_and_where(content: str, what: str) -> None:
    assert (
        secret_in(f"one\n\nx = {content}\n".encode()) == f"it holds what looks like {what} (line 3)"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"token = 'whitespace_or_newline_1'",
        b"password = os.environ['DATABASE_PASSWORD_2024']",
        b"secret = 'see the vault, entry 17, for it'",
        b"postgresql://user:password1@host/db and postgresql://$USER:${PASSWORD_1}@host",
        b"sk-learn is scikit-learn; ghp_short; AKIA",
        bytes(range(256)) * 4,
    ],
)
def test_ordinary_content_tells_none(content: bytes) -> None:
    assert secret_in(content) is None


def test_our_own_source_holds_none() -> None:
    found = {p: secret_in(p.read_bytes()) for p in SOURCE.rglob("*") if p.is_file()}

    assert [path for path, secret in found.items() if secret] == []
