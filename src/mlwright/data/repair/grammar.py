"""The one grammar of repair: text to step and back.

::

    step      = "parse" column "as" kind ["from" text {"or" text}]
              | "trim" column
              | "map" column ":" value "->" (value | "null") {"," ...}
              | "cast" column "to" kind
              | "clip" column "to" "[" number "," number "]"
              | "fill" column "with" (value | "median" | "mean" | "mode")
              | "drop" ("column" column | "where" condition)
              | "dedupe" ["by" column {"," column}]
              | "quarantine" ("where" condition | "rows" text {"," text})
    condition = column "is" "missing" | a comparison of the checks grammar
    column    = word | text                a word, or anything else in quotes
    value     = number | word | text | "true" | "false"
"""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.core.errors import nearest
from mlwright.data.repair.catalogue import VERBS
from mlwright.data.repair.reader import Reader
from mlwright.data.repair.step import Step


def parse(text: str) -> Step:
    """Return the step a text means.

    Raises
    ------
    UsageError
        ``repair-syntax``; the message shows the text with a caret under the mistake.

    >>> render(parse("clip age to [0,120]")), parse("fill age with median").statistic
    ('clip age to [0, 120]', 'median')
    """
    reader = Reader(text)
    verb = reader.verb()
    if verb.content not in VERBS:
        near = nearest(verb.content, VERBS)
        hint = f"did you mean {near!r}?" if near else f"a step begins with {', '.join(VERBS)}"
        reader.fail(f"{verb.content!r} is no verb of repair: {hint}", verb)
    step = VERBS[verb.content].read(reader)
    reader.end()
    return step


def parse_all(texts: Sequence[str]) -> tuple[Step, ...]:
    """Return the steps of a list."""
    return tuple(parse(text) for text in texts)


def render(step: Step) -> str:
    """Return a step in its one canonical form, which :func:`parse` reads back as the same step.

    >>> render(parse("map plan: Pro -> pro, '?' -> null"))
    "map plan: 'Pro' -> 'pro', '?' -> null"
    """
    return VERBS[step.verb].write(step)
