"""uvicorn before nothing: it reads a request and answers it with two bytes; the floor of all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn

Message = Mapping[str, Any]
HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")],
}


async def app(
    _scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    while (await receive()).get("more_body", False):
        await asyncio.sleep(0)
    await send(HEAD)
    await send({"type": "http.response.body", "body": b"ok"})


uvicorn.run(
    app,
    port=int(os.environ["PORT"]),
    http="httptools",
    loop="uvloop",
    ws="none",
    lifespan="off",
    log_level="critical",
    access_log=False,
    server_header=False,
)
