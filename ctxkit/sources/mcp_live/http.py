"""A server at an address: streamable HTTP and the older SSE, carried by the official SDK (the extra ``mcp``).

Imported only once such a server is asked: the SDK takes most of a second to import.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp.types import jsonrpc_message_adapter

from ctxkit.sources.masking import masked, printable
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ctxkit.sources.mcp_live.launch import Launch
    from ctxkit.sources.mcp_live.session import Message

_LONGEST_SAID = 300
_CLOSED = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class _Body(httpx2.AsyncByteStream):
    """A response's body, as far as the bounds allow."""

    def __init__(self, stream: httpx2.AsyncByteStream, client: _Client) -> None:
        self._stream, self._client = stream, client

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._client.read += len(chunk)
            if self._client.read > self._client.bounds.total:
                self._client.trouble = f"it sent more than {self._client.bounds.total:,} bytes"
                raise httpx2.ReadError(self._client.trouble)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Client(httpx2.AsyncClient):
    """Sends the requests of one server, and remembers of failures what the SDK does not tell."""

    def __init__(self, launch: Launch, bounds: Limits) -> None:
        super().__init__(headers=dict(launch.headers), timeout=bounds.start)
        self.bounds = bounds
        self._old = launch.transport == "sse"
        self.read = 0
        self.status = 0
        self.location = ""
        self.trouble = ""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send ``request`` with a body that is read within the bounds."""
        if request.method == "DELETE":  # good-bye: nothing depends on its answer
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), self.bounds.stop)
        try:
            response = await super().send(request, **options)
        except httpx2.HTTPError as error:
            self.trouble = f"nobody answers at its address ({_shown(str(error) or type(error).__name__)})"
            raise
        # The stream that a client of streamable HTTP opens besides may be refused.
        if request.method == "POST" or self._old:
            self.status = response.status_code
            self.location = _place(response)
        if isinstance(response.stream, httpx2.AsyncByteStream) and not response.is_closed:
            response.stream = _Body(response.stream, self)
        return response

    def itself(self, *_: object, **__: object) -> _Client:
        """This client, for what makes its own: every option is set already."""
        return self

    def failure(self, said: str) -> ServerFailureError:
        """Why the server gave no answer."""
        if self.trouble:
            return ServerFailureError(self.trouble, "Check its address, and that it runs.")
        if self.status in (401, 403):
            return ServerFailureError(
                f"it asks for a login (HTTP {self.status})",
                "Name a token in the headers of its entry, or give its tools with --tools.",
            )
        if 300 <= self.status < 400:
            return ServerFailureError(f"it sends elsewhere{self.location} (HTTP {self.status})", "Correct its address.")
        if self.status >= 400:
            return ServerFailureError(f"it answers with HTTP {self.status}", "Check its address, and its logs.")
        return ServerFailureError(f"it gives no valid answer: {_shown(said)}", "Check that an MCP server is there.")


def _place(response: httpx2.Response) -> str:
    location = response.headers.get("location", "")
    return f", to {_shown(location)}" if location else ""


def _shown(text: str) -> str:
    shown = printable(masked(" ".join(text.split())))
    return shown if len(shown) <= _LONGEST_SAID else shown[: _LONGEST_SAID - 1] + "…"


class HttpChannel:
    """Messages over the two streams of an SDK transport."""

    junk = 0

    def __init__(self, incoming: Any, outgoing: Any, client: _Client) -> None:
        self._incoming, self._outgoing, self._client = incoming, outgoing, client
        self._protocol: str | None = None

    async def send(self, message: Message) -> None:
        """Post one message. Raises ServerFailureError where the connection is gone."""
        headers = {"mcp-protocol-version": self._protocol} if self._protocol else None
        parsed = jsonrpc_message_adapter.validate_python(message)
        try:
            await self._outgoing.send(SessionMessage(parsed, metadata=ClientMessageMetadata(headers=headers)))
        except _CLOSED:
            raise self._client.failure("the connection is closed") from None

    async def receive(self) -> Message:
        """The next message. Raises ServerFailureError where none will come."""
        try:
            received = await self._incoming.receive()
        except _CLOSED:
            raise self._client.failure("the connection is closed") from None
        if not isinstance(received, SessionMessage):
            raise self._client.failure(str(received))
        message: Message = received.message.model_dump(by_alias=True, exclude_unset=True)
        if "error" in message and (self._client.status >= 300 or self._client.trouble or not _is_the_servers(message)):
            raise self._client.failure(_said(message))
        return message

    def agreed(self, protocol: str) -> None:
        """Every further request names the version."""
        self._protocol = protocol

    def said(self) -> str:
        """Nothing: there is no stderr here."""
        return ""


# Codes with which the SDK answers in the server's place: a broken body, a connection that ended.
_SDK_CODES = (-32700, -32000, -32600)


def _is_the_servers(message: Message) -> bool:
    error = message["error"]
    return not (isinstance(error, dict) and error.get("code") in _SDK_CODES)


def _said(message: Message) -> str:
    error = message["error"]
    return str(error.get("message", "")) if isinstance(error, dict) else str(error)


@asynccontextmanager
async def http_channel(launch: Launch, limits: Limits) -> AsyncIterator[HttpChannel]:
    """Connect to the address of ``launch``. Raises ServerFailureError where nobody answers there."""
    if not launch.address.startswith(("http://", "https://")):
        raise ServerFailureError("its entry names no http address", "Correct the entry.")
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # failures are told once, in a sentence
    client = _Client(launch, limits)
    failure: ServerFailureError | None = None
    try:
        async with AsyncExitStack() as stack:
            if launch.transport == "sse":
                opened = sse_client(launch.address, httpx_client_factory=client.itself)
            else:
                await stack.enter_async_context(client)
                opened = streamable_http_client(launch.address, http_client=client, max_sse_event_size=limits.line)
            incoming, outgoing = await stack.enter_async_context(opened)
            try:
                yield HttpChannel(incoming, outgoing, client)
            except ServerFailureError as error:  # the SDK's task groups would wrap it
                failure = error
    except* Exception as errors:
        failure = failure or client.failure(str(errors.exceptions[0]))
    if failure is not None:
        raise failure
