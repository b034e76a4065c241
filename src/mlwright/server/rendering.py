"""Templates filled: the one place of the control plane that knows Jinja."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from mlwright.core.ids import short
from mlwright.flows.logged import value_text
from mlwright.govern.card import number
from mlwright.govern.told import cell_text
from mlwright.server.links import address, linked, model_page
from mlwright.server.records import Page

_SECONDS = len("2026-01-01T00:00:00")
_DIGEST = 12


@cache
def _environment() -> Environment:
    """Return the environment every page is rendered in: escaping on, nothing undefined."""
    environment = Environment(
        loader=PackageLoader("mlwright.server"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, moment=moment, short=short, address=address)
    environment.filters.update(cell=cell_text, digest=digest_start)
    environment.filters["as_logged"] = value_text
    environment.filters.update(model_page=model_page, words=words, exact=exact)
    environment.tests["linked"] = lambda value: linked(value) is not None
    return environment


def render(page: Page, surroundings: Mapping[str, object]) -> str:
    """Return a page as HTML."""
    template = _environment().get_template(page.template)
    return template.render(title=page.title, **surroundings, **page.content, **page.drawn)


def moment(time: object) -> str:
    """Return a time to the second, as people read it.

    >>> moment("2026-11-21T07:19:50.333475Z")
    '2026-11-21 07:19:50'
    """
    return str(time)[:_SECONDS].replace("T", " ")


def exact(value: object) -> str:
    """Return a cell as it is: text plainly, all else as JSON writes it, to the last digit.

    >>> exact("No"), exact(1889.5), exact(1400), exact(True), exact(None)
    ('No', '1889.5', '1400', 'true', 'null')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def digest_start(value: object) -> str:
    """Return a digest by its start, as the command line does.

    >>> digest_start("sha256:2c40ca56dab14077a27deeedbec0fae3")
    '2c40ca56dab1'
    """
    return str(value).removeprefix("sha256:")[:_DIGEST]


def words(value: object) -> str:
    """Return any plain value as text.

    >>> words(None), words(True), words(["a", 2])
    ('none', 'yes', 'a, 2')
    """
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value)) or "none"
    return str(value)
