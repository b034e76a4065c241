"""What must not be kept with code: keys, tokens and passwords, told by a name or by content."""

from __future__ import annotations

import re
from itertools import pairwise

BY_NAME = "its name speaks of a secret"

_WORDS = frozenset(
    {
        *("credential", "credentials", "password", "passwords"),
        *("secret", "secrets", "token", "tokens"),
    }
)
_NAMES = frozenset(
    {
        *(".env", ".htpasswd", ".netrc", ".npmrc", ".pgpass", ".pypirc", "_netrc"),
        *("id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"),
    }
)
_SUFFIXES = (
    *(".asc", ".gpg", ".jks", ".kdbx", ".key", ".keystore"),
    *(".p12", ".pem", ".pfx", ".ppk"),
)
_TEXT = rb"[\t\n\r\x20-\x7e\x80-\xff]*"
_HEAD = 4_096


def _kinds() -> tuple[tuple[str, bytes, bytes], ...]:
    """Return each kind of secret: what it is called, what a file holds then, and its form.

    Forms are compiled when one is looked for: most processes find every file as it was.
    """
    forms = (
        ("a private key", "PRIVATE KEY", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY"),
        ("an AWS key", "AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
        ("an AWS key", "ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{30,}"),
        *(
            ("a GitHub token", f"gh{letter}_", rf"\bgh{letter}_[A-Za-z0-9]{{36,}}")
            for letter in "pousr"
        ),
        ("a GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
        ("a Slack token", "xox", r"\bxox[abeprs]-[0-9A-Za-z-]{10,}"),
        ("a Google key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
        ("a Stripe key", "k_live_", r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
        ("an API key", "sk-", r"\bsk-[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]{31,}"),
        ("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
        ("a PyPI token", "pypi-AgE", r"\bpypi-AgE[A-Za-z0-9_-]{40,}"),
        ("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a signed token", "eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{16,}"),
    )
    return tuple((name, part.encode(), form.encode()) for name, part, form in forms)


_FORMS = _kinds()
_ASSIGNED = rb"""(?ix)
    (?: passw(?:or)?d | secret (?:_?key)? | api_?key | (?:access|auth|refresh)_?token )
    ["']? \s* [:=] \s* ["'] ([A-Za-z0-9+/=_.!@\#%^&*-]{16,}) ["']"""
_ADDRESS = rb"""[a-z][a-z0-9+.-]*://[^\s/:@'"]+:([^\s/@'"{}$<>*]{8,})@"""
_STAND_INS = (b"passw", b"secret", b"example", b"xxxx")
_ASSIGNED_WORDS = (b"passw", b"secret", b"api_key", b"apikey", b"token")


def secret_by_name(name: str, *, source: bool = False) -> bool:
    """Tell whether a file's name speaks of a secret.

    Parameters
    ----------
    source
        The file is source code that its owner keeps under version control: only its content
        counts, for ``tokens.py`` is likelier a parser than a list of passwords.

    >>> secret_by_name("deploy/api_token.py"), secret_by_name("tokenizer.py")
    (True, False)
    """
    lower = name.rpartition("/")[2].lower()
    if lower in _NAMES or lower.startswith(".env.") or lower.endswith(_SUFFIXES):
        return True
    return not source and not _WORDS.isdisjoint(re.split(r"[^a-z]+", lower))


def secret_in(content: bytes) -> str | None:
    r"""Return what secret a file's content holds, with the line, or None.

    >>> secret_in(b"# deploy\nKEY = 'AKIA" + b"ABCDEFGHIJKLMNOP'")
    'it holds what looks like an AWS key (line 2)'
    """
    for name, part, form in _FORMS:
        if part in content and (found := re.search(form, content)):
            return _told(name, content, found.start())
    if re.fullmatch(_TEXT, content[:_HEAD]) is None:
        return None
    if b"://" in content:
        for address in re.finditer(_ADDRESS, content):
            if _is_chosen(address[1]):
                return _told("an address with a password", content, address.start())
    lower = content.lower()
    if any(word in lower for word in _ASSIGNED_WORDS):
        for assigned in re.finditer(_ASSIGNED, content):
            if _is_random(assigned[1]):
                return _told("a password or key", content, assigned.start())
    return None


def _told(name: str, content: bytes, place: int) -> str:
    return f"it holds what looks like {name} (line {content.count(bytes([10]), 0, place) + 1})"


def _is_chosen(password: bytes) -> bool:
    """Tell a password somebody uses from the word that stands for one in a text."""
    lower = password.lower()
    digits = sum(48 <= each <= 57 for each in password)
    return 0 < digits < len(password) and not any(word in lower for word in _STAND_INS)


def _is_random(value: bytes) -> bool:
    """Tell a drawn value from words: digits among letters, and hardly any letter twice in a row."""
    digits = sum(48 <= each <= 57 for each in value)
    letters = sum(chr(each).isalpha() for each in value)
    changes = sum((48 <= a <= 57) != (48 <= b <= 57) for a, b in pairwise(value))
    return digits >= 3 and letters >= 3 and changes >= 4 and len(set(value)) >= 10
