"""Where an id or a name is shown: every number leads to where it came from."""

from __future__ import annotations

from urllib.parse import quote

from mlwright.core.ids import Noun, noun_of

_PAGES = {Noun.MODEL: "/models/", Noun.PREDICTION: "/predictions/", Noun.RUN: "/runs/"}


def address(text: str) -> str:
    """Return the page of an id, of ``name@version``, or else of whatever ``why`` explains.

    >>> address("m_abc"), address("churn@3"), address("r_abc"), address("search")
    ('/models/m_abc', '/models/churn%403', '/runs/r_abc', '/why/search')
    """
    noun = noun_of(text)
    if noun in _PAGES:
        return _PAGES[noun] + text
    if noun is None and "@" in text:
        return model_page(text)
    return "/why/" + quote(text, safe="")


def model_page(ref: str) -> str:
    """Return the page of a model by name, ``name@version`` or id."""
    return "/models/" + quote(ref, safe="")


def linked(text: object) -> str | None:
    """Return the page of a text that is an id or ``name@version``, or None for any other."""
    if not isinstance(text, str):
        return None
    name, at, number = text.partition("@")
    if noun_of(text) is not None or (name and at and number.isdigit()):
        return address(text)
    return None
