"""The canonical form of a LightGBM model text: what decides an answer, and nothing else.

LightGBM writes the trees first and then what it knows of its training: importances, parameters,
the number of threads. Only the trees answer, so the text ends with them.
"""

from __future__ import annotations

import re

from mlwright.scoring.native.broken import predictor_broken

_END = b"end of trees\n"
_HEADER = re.compile(rb"tree\n(?:[a-z_]+(?:=[^\n]*)?\n)+\n")
_SIZES = re.compile(rb"^tree_sizes=([0-9 ]*)$", re.M)


def canonical(content: bytes) -> bytes:
    r"""Return a model text cut after its trees.

    Raises
    ------
    BrokenError
        ``predictor-broken`` when the trees are not as long as the header says. LightGBM itself
        may end the process on such a text.

    >>> canonical(b"tree\nnum_class=1\ntree_sizes=\n\nend of trees\n\nparameters:\n")
    b'tree\nnum_class=1\ntree_sizes=\n\nend of trees\n'
    """
    header = _HEADER.match(content)
    sizes = _SIZES.search(header[0]) if header else None
    if header is None or sizes is None:
        raise predictor_broken("it has no header of a model text")
    start = content.find(b"Tree=0\n", header.end())
    if start < 0 or content[header.end() : start].strip():
        start = header.end()
    end = start + sum(int(size) for size in sizes[1].split())
    if content[end : end + len(_END)] != _END:
        raise predictor_broken("its trees are not as long as its header says")
    return content[: end + len(_END)]


def without_trees(content: bytes) -> bytes:
    r"""Return the header of a canonical text, which says of no tree.

    >>> without_trees(b"tree\nnum_class=1\ntree_sizes=9\n\nTree=0\n\n\nend of trees\n")
    b'tree\nnum_class=1\ntree_sizes=\n\nend of trees\n'
    """
    header = content.partition(b"\n\n")[0]
    return _SIZES.sub(b"tree_sizes=", header) + b"\n\n" + _END
