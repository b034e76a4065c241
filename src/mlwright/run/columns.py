"""Arrays and columns as raw bytes: numpy arrays, polars series and frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from mlwright.core.encoding import canonical_json

Describe = Callable[[object, list[bytes]], object]
Restore = Callable[[Any, list[bytes], object], object]

_PLAIN = "biufcMmSU"
_SEPARATOR = "\x00"


def describe(value: object, blobs: list[bytes], tree: Describe) -> object | None:
    """Return the description of an array, series or frame, its bytes added to ``blobs``.

    None for anything else, and for arrays and columns that hold what has no canonical bytes.
    """
    try:
        return _describe(value, blobs, tree)
    except _NoCanonicalBytesError:
        return None


class _NoCanonicalBytesError(Exception):
    """A type of array or column that is not described."""


def _describe(value: object, blobs: list[bytes], tree: Describe) -> object | None:
    if isinstance(value, np.ndarray) and type(value) is np.ndarray:
        return {"array": _describe_array(value, blobs, tree)}
    if isinstance(value, np.generic):
        return {"scalar": _describe_array(np.asarray(value), blobs, tree)}
    if type(value).__module__.startswith("polars"):
        import polars as pl

        if type(value) is pl.DataFrame:
            series = [_describe_series(s, blobs, tree) for s in value.get_columns()]
            return {"frame": {"height": value.height, "columns": series}}
        if type(value) is pl.Series:
            return {"series": _describe_series(value, blobs, tree)}
    return None


def restore(tag: str, held: Any, blobs: list[bytes], value: Restore) -> object:
    """Return the array, series or frame behind a description."""
    if tag == "array":
        return _restore_array(held, blobs, value)
    if tag == "scalar":
        return _restore_array(held, blobs, value)[()]
    import polars as pl

    if tag == "series":
        return _restore_series(held, blobs, value)
    columns = [_restore_series(each, blobs, value) for each in held["columns"]]
    if not columns:  # Rows without columns: what is left when the last column is dropped.
        return pl.DataFrame({"": [None] * held["height"]}).drop("")
    return pl.DataFrame(columns)


def _add(blobs: list[bytes], raw: bytes) -> int:
    blobs.append(raw)
    return len(blobs) - 1


def _describe_array(array: np.ndarray[Any, Any], blobs: list[bytes], tree: Describe) -> object:
    shape = list(array.shape)
    if array.dtype.kind == "O":
        # ravel keeps each element the Python object it is.
        return {"shape": shape, "objects": [tree(item, blobs) for item in array.ravel()]}
    if array.dtype.kind not in _PLAIN:
        raise _NoCanonicalBytesError(str(array.dtype))
    plain = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    if plain.dtype.kind == "f" and bool(np.isnan(plain).any()):
        # One NaN: its payload carries no meaning and differs between processors.
        plain = np.where(np.isnan(plain), np.array(np.nan, plain.dtype), plain)
    return {"shape": shape, "dtype": plain.dtype.str, "blob": _add(blobs, plain.tobytes())}


def _restore_array(held: Any, blobs: list[bytes], value: Restore) -> np.ndarray[Any, Any]:
    if "objects" in held:
        array = np.empty(len(held["objects"]), dtype=object)
        for i, item in enumerate(held["objects"]):
            array[i] = value(item, blobs, None)
        return array.reshape(held["shape"])
    flat = np.frombuffer(blobs[held["blob"]], dtype=np.dtype(held["dtype"]))
    return flat.reshape(held["shape"]).copy()


def _describe_series(series: Any, blobs: list[bytes], tree: Describe) -> dict[str, object]:
    import polars as pl

    kind = series.dtype
    described: dict[str, object] = {
        "name": series.name,
        "dtype": _dtype_text(kind),
        "length": len(series),
    }
    if series.null_count():
        valid = series.is_not_null().to_numpy()
        described["valid"] = _add(blobs, np.packbits(valid, bitorder="little").tobytes())
    present = series.drop_nulls()
    if kind == pl.Null:
        pass
    elif kind in (pl.String, pl.Categorical, pl.Enum) or kind.is_decimal() or _is_wide(kind):
        described["text"] = _describe_text(present.cast(pl.String), blobs)
    elif kind == pl.Binary:
        described["text"] = _describe_text(present.bin.encode("hex"), blobs)
    elif kind == pl.Boolean:
        described["values"] = _describe_array(present.to_numpy(), blobs, tree)
    elif isinstance(kind, pl.List | pl.Array):
        lists = present.cast(pl.List(cast("Any", kind).inner))
        described["lengths"] = _describe_array(lists.list.len().to_numpy(), blobs, tree)
        inner = lists.filter(lists.list.len() > 0).explode()
        described["inner"] = _describe_series(inner.alias(""), blobs, tree)
    elif isinstance(kind, pl.Struct):
        fields = [_describe_series(present.struct.field(f.name), blobs, tree) for f in kind.fields]
        described["fields"] = fields
    elif kind.is_numeric() or kind.is_temporal():
        described["values"] = _describe_array(present.to_physical().to_numpy(), blobs, tree)
    else:
        raise _NoCanonicalBytesError(str(kind))
    return described


def _restore_series(held: Any, blobs: list[bytes], value: Restore) -> Any:
    import polars as pl

    kind = _dtype(json.loads(held["dtype"]))
    if kind == pl.Null:
        return pl.Series(held["name"], [None] * held["length"], dtype=pl.Null)
    if "text" in held:
        text = _restore_text(held["text"], blobs)
        present = text.str.decode("hex") if kind == pl.Binary else text.cast(kind)
    elif "lengths" in held:
        present = _restore_lists(held, blobs, value).cast(kind)
    elif "fields" in held:
        fields = [_restore_series(each, blobs, value) for each in held["fields"]]
        present = pl.DataFrame(fields).to_struct("").cast(kind)
    else:
        array = _restore_array(held["values"], blobs, value)
        present = pl.Series("", array).cast(kind)
    if "valid" in held:
        bits = np.frombuffer(blobs[held["valid"]], dtype=np.uint8)
        valid = np.unpackbits(bits, count=held["length"], bitorder="little").astype(bool)
        where = pl.Series(np.cumsum(valid) - 1).set(pl.Series(~valid), None)
        present = present.gather(where) if len(present) else present.clear(held["length"])
    return present.alias(held["name"])


def _restore_lists(held: Any, blobs: list[bytes], value: Restore) -> Any:
    import polars as pl

    lengths = _restore_array(held["lengths"], blobs, value)
    inner = _restore_series(held["inner"], blobs, value)
    ends = np.cumsum(lengths)
    items = [
        inner.slice(int(end - length), int(length))
        for end, length in zip(ends, lengths, strict=True)
    ]
    return pl.Series("", items, dtype=pl.List(inner.dtype))


def _describe_text(series: Any, blobs: list[bytes]) -> dict[str, object]:
    if not len(series):
        return {"count": 0}
    if bool(series.str.contains(_SEPARATOR, literal=True).any()):
        return {"count": len(series), "list": _add(blobs, canonical_json(series.to_list()))}
    joined = series.str.join(_SEPARATOR).item()
    return {"count": len(series), "joined": _add(blobs, joined.encode())}


def _restore_text(held: Any, blobs: list[bytes]) -> Any:
    import polars as pl

    if not held["count"]:
        return pl.Series("", [], dtype=pl.String)
    if "list" in held:
        return pl.Series("", json.loads(blobs[held["list"]]), dtype=pl.String)
    return pl.Series("", [blobs[held["joined"]].decode()]).str.split(_SEPARATOR).explode()


def _is_wide(kind: Any) -> bool:
    return str(kind) in ("Int128", "UInt128")


def _dtype_text(kind: Any) -> str:
    return canonical_json(_dtype_tree(kind)).decode()


def _dtype_tree(kind: Any) -> list[object]:
    import polars as pl

    if isinstance(kind, pl.Datetime):
        return ["Datetime", kind.time_unit, kind.time_zone]
    if isinstance(kind, pl.Duration):
        return ["Duration", kind.time_unit]
    if isinstance(kind, pl.Decimal):
        return ["Decimal", kind.precision, kind.scale]
    if isinstance(kind, pl.Enum):
        return ["Enum", kind.categories.to_list()]
    if isinstance(kind, pl.List):
        return ["List", _dtype_tree(kind.inner)]
    if isinstance(kind, pl.Array):
        return ["Array", _dtype_tree(kind.inner), kind.size]
    if isinstance(kind, pl.Struct):
        return ["Struct", [[f.name, _dtype_tree(f.dtype)] for f in kind.fields]]
    return [str(kind.base_type())]


def _dtype(tree: Any) -> Any:
    import polars as pl

    name, *rest = tree
    if name == "List":
        return pl.List(_dtype(rest[0]))
    if name == "Array":
        return pl.Array(_dtype(rest[0]), rest[1])
    if name == "Struct":
        return pl.Struct([pl.Field(field, _dtype(inner)) for field, inner in rest[0]])
    kind = getattr(pl, name)
    return kind(*rest) if rest else kind()
