"""Ask a running server for predictions and tell it the truth, with the standard library alone."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

from mlwright.core.errors import DataError, FaultError, MlwrightError, NotFoundError, UsageError

DEFAULT_URL = "http://127.0.0.1:7700"

Row = Mapping[str, object]
Columns = Mapping[str, Sequence[object]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction: what the model says, and the id that explains and proves it.

    ``value`` is a class in its own type or a number, ``probability`` a number for each class
    (empty for a regression). ``flags`` name the cells that broke what the contract promises.
    ``id`` is None where the server records nothing.
    """

    value: bool | int | float | str
    id: str | None
    model: str
    flags: tuple[Mapping[str, object], ...]
    probability: Mapping[str, float]


class Client:
    """Connections to a data plane, kept open between requests; may be shared by threads.

    There are as many as were ever asked at once, however many threads come and go.

    Parameters
    ----------
    url
        Where ``mlw serve`` listens.
    timeout
        Seconds to wait for a connection, and for each answer.

    Examples
    --------
    >>> client = Client("http://127.0.0.1:7700")
    >>> client.close()
    """

    def __init__(self, url: str = DEFAULT_URL, *, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise UsageError(
                "server-address",
                f"{url!r} is no server's address",
                fix=f"give it as {DEFAULT_URL}, as mlw serve prints it",
                facts={"url": url},
            )
        self.url = url
        self._timeout = timeout
        self._host, self._base = parts.netloc, parts.path.rstrip("/")
        self._secure = parts.scheme == "https"
        self._idle: deque[HTTPConnection] = deque()

    def __enter__(self) -> Client:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self.close()

    def close(self) -> None:
        """Close every connection that is not in use; the next request opens one again."""
        while self._idle:
            self._take().close()

    def predict(self, endpoint: str, row: Row) -> Answer:
        """Return the answer to one row.

        A request that met a connection the server had just closed is sent once more; the server
        may then hold two records of it.

        Parameters
        ----------
        endpoint
            The name of the endpoint, which is the model's.
        row
            Column to value. None and NaN are missing values, dates are sent as ISO text.

        Raises
        ------
        DataError
            With the server's code when a value or column is refused.
        NotFoundError
            When there is no such endpoint.
        FaultError
            ``server-unreachable``, ``server-timeout``, or the server's code when it cannot answer.
        """
        found = self._ask(endpoint, row)
        if "predictions" in found:
            raise UsageError(
                "rows-for-a-row",
                f"{endpoint!r} was asked about {len(found['predictions'])} rows where one belongs",
                fix="ask about several with predict_rows",
                facts={"endpoint": endpoint, "rows": len(found["predictions"])},
            )
        return _answer(found, found["model"])

    def predict_rows(self, endpoint: str, rows: Sequence[Row] | Columns) -> tuple[Answer, ...]:
        """Return the answers to several rows, in their order, as :meth:`predict` would.

        Parameters
        ----------
        rows
            A sequence of rows, or a mapping of column to the values of all rows.
        """
        found = self._ask(endpoint, rows)
        each = found.get("predictions", [found])
        return tuple(_answer(answer, found["model"]) for answer in each)

    def label(self, prediction: str, value: object) -> str:
        """Tell the truth about a prediction and return the label's id.

        Raises
        ------
        DataError
            With the server's code when the id or the value is refused.
        """
        return self._labelled({"id": prediction, "value": value})

    def label_row(self, endpoint: str, key: object, value: object) -> str:
        """Tell the truth about a row by the table's key and return the label's id."""
        return self._labelled({"endpoint": endpoint, "key": key, "value": value})

    def _ask(self, endpoint: str, data: object) -> dict[str, Any]:
        return self._post(f"/{quote(endpoint, safe='')}/predict", _sendable(data))

    def _labelled(self, told: Mapping[str, object]) -> str:
        return str(self._post("/labels", _sendable(told))["id"])

    def _post(self, path: str, data: object) -> dict[str, Any]:
        body = json.dumps(data, allow_nan=False, ensure_ascii=False).encode()
        status, content = self._exchange(path, body)
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise FaultError(
                "answer-unreadable",
                f"{self.url} answered {status} with something that is no JSON object: "
                f"{content[:80]!r}",
                fix="look whether that is mlwright's data plane: mlw serve prints its address",
                facts={"url": self.url, "status": status},
            )
        if status >= 400:
            raise _refused(status, found)
        return found

    def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = self._take()
        fresh = connection.sock is None
        try:
            try:
                return self._send(connection, path, body)
            except (ConnectionError, HTTPException):
                connection.close()  # the server may have closed it while it was idle
                if fresh:
                    raise
                return self._send(connection, path, body)
        except TimeoutError as error:
            connection.close()
            raise FaultError(
                "server-timeout",
                f"{self.url} did not answer within {self._timeout:g} s",
                fix="give the client a longer timeout, or look at the server: curl "
                f"{self.url}/readyz",
                facts={"url": self.url, "timeout": self._timeout},
            ) from error
        except (OSError, HTTPException) as error:
            connection.close()
            raise FaultError(
                "server-unreachable",
                f"no server answers at {self.url}: {error}",
                fix="start one: mlw serve",
                facts={"url": self.url},
                looked=[self.url],
            ) from error
        finally:
            self._idle.append(connection)

    def _send(self, connection: HTTPConnection, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", self._base + path, body, headers)
        response: HTTPResponse = connection.getresponse()
        return response.status, response.read()

    def _take(self) -> HTTPConnection:
        """Return a connection nobody uses, the one used last if there is any."""
        try:
            return self._idle.pop()
        except IndexError:
            make = HTTPSConnection if self._secure else HTTPConnection
            return make(self._host, timeout=self._timeout)


_KINDS: Mapping[int, type[MlwrightError]] = {404: NotFoundError, 400: DataError, 422: DataError}


def _refused(status: int, problem: Mapping[str, Any]) -> MlwrightError:
    """Return the server's problem document as the error it was made from."""
    kind = _KINDS.get(status, FaultError if status >= 500 or status == 429 else UsageError)
    return kind(
        str(problem.get("code", "answer-unreadable")),
        str(problem.get("detail") or problem.get("title") or f"the server answered {status}"),
        fix=str(problem.get("fix", "look at the server's output")),
        facts={"status": status},
    )


def _answer(found: Mapping[str, Any], model: str) -> Answer:
    return Answer(
        value=found["value"],
        id=found.get("id"),
        model=model,
        flags=tuple(found.get("flags", ())),
        probability=found.get("probability", {}),
    )


def _sendable(value: Any, path: str = "") -> object:
    """Return ``value`` as JSON can carry it without changing what it says.

    >>> _sendable({"age": float("nan"), "seen": date(2026, 1, 31)})
    {'age': None, 'seen': '2026-01-31'}
    """
    if isinstance(value, Mapping):
        return {str(name): _sendable(item, str(name)) for name, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise _unsendable(value, path)
        return None if math.isnan(value) else value
    if isinstance(value, date):  # a datetime too
        return None if value != value else value.isoformat()
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a number of numpy
        return _sendable(value.item(), path)
    if isinstance(value, Sequence) or hasattr(value, "to_list") or hasattr(value, "tolist"):
        items = value.to_list() if hasattr(value, "to_list") else value
        items = items.tolist() if hasattr(items, "tolist") else items
        return [_sendable(item, path) for item in items]
    raise _unsendable(value, path)


def _unsendable(value: object, path: str) -> DataError:
    where = f" for {path!r}" if path else ""
    return DataError(
        "value-not-sendable",
        f"the value {str(value)[:60]!r} of type {type(value).__name__}{where} cannot be sent",
        fix="send a number, text, truth value, date or None; infinity has no place in JSON",
        facts={"column": path, "value": str(value)[:60]},
    )
