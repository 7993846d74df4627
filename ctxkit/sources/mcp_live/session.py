"""The conversation with one server: say who asks, then take its list of tools, page by page.

The official SDK's session declares capabilities and a protocol version of its own, and refuses a whole list for one
schema that it finds invalid. What a server lists depends on what is declared, and agents do send such schemas. So the
messages are made here, and answers stay as they came; the SDK carries them where the transport is HTTP.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ctxkit.model import ConfigError
from ctxkit.sources.definitions import Resources, ToolDefinition, declared_resources, tool_definitions
from ctxkit.sources.masking import masked, printable
from ctxkit.sources.mcp_live.failure import Limits, ServerFailureError

if TYPE_CHECKING:
    from ctxkit.sources.mcp_live.launch import Client

Message = dict[str, object]

_METHOD_NOT_FOUND = -32601
_USER_REJECTED = -1
_LONGEST_MESSAGE = 300
_EXAMPLES = 3
_LONGEST_VERSION = 100


class Channel(Protocol):
    """Carries JSON-RPC messages to one server and back."""

    async def send(self, message: Message) -> None:
        """Send one message. Raises ServerFailureError where the server is gone."""

    async def receive(self) -> Message:
        """The server's next message. Raises ServerFailureError where none will come."""

    def agreed(self, protocol: str) -> None:
        """Told which version of the protocol was agreed on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server told. ``tools`` as it lists them; ``notes``: sentences about what was left out or is odd.

    ``resources``: as in :class:`ServerDefinition`.
    """

    tools: tuple[ToolDefinition, ...]
    version: str = ""
    instructions: str = ""
    notes: tuple[str, ...] = ()
    resources: Resources = "unknown"


class Session:
    """One conversation over ``channel``. ``root`` is the directory told to a server that asks for roots."""

    def __init__(self, channel: Channel, client: Client, root: str, limits: Limits) -> None:
        self._channel, self._client, self._root, self._limits = channel, client, root, limits
        self._last_id = 0

    async def initialize(self) -> Message:
        """Introduce the client; returns the server's answer. Raises ServerFailureError."""
        asked: Message = {
            "protocolVersion": self._client.protocol,
            "capabilities": self._client.capabilities,
            "clientInfo": self._client.info,
        }
        answer = await self._request("initialize", asked)
        protocol = answer.get("protocolVersion")
        self._channel.agreed(protocol if isinstance(protocol, str) else self._client.protocol)
        await self._channel.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    async def list_tools(self) -> tuple[list[object], list[str]]:
        """Every entry of every page of ``tools/list``, and notes. Raises ServerFailureError."""
        found: list[object] = []
        cursors: set[str] = set()
        params: Message | None = None
        for _ in range(self._limits.pages):
            answer = await self._request("tools/list", params)
            tools = answer.get("tools")
            if not isinstance(tools, list):
                raise ServerFailureError("its answer to tools/list holds no list of tools", _REPORT)
            found += tools
            if len(found) > self._limits.tools:
                raise ServerFailureError(f"it lists more than {self._limits.tools:,} tools", _REPORT)
            cursor = answer.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                return found, []
            if cursor in cursors:
                return found, ["it points back to a page of its list that was read before: the list ends there"]
            cursors.add(cursor)
            params = {"cursor": cursor}
        raise ServerFailureError(f"its list of tools has more than {self._limits.pages:,} pages", _REPORT)

    async def lists_resources(self) -> bool:
        """Whether the first page of ``resources/list`` holds any; a server that fails at it offers none."""
        try:
            return bool((await self._request("resources/list", None)).get("resources"))
        except ServerFailureError:
            return False

    async def _request(self, method: str, params: Message | None) -> Message:
        self._last_id += 1
        message: Message = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        if params is not None:
            message["params"] = params
        await self._channel.send(message)
        while True:
            received = await self._channel.receive()
            if isinstance(received.get("method"), str):
                await self._answer(received)
            elif self._is_answer(received):
                return _result(received, method)

    def _is_answer(self, message: Message) -> bool:
        """One request is open at a time, so an error without an id is about it; ids may come back as texts."""
        identity = message.get("id")
        if identity is None:
            return "error" in message
        return not isinstance(identity, bool) and str(identity) in (str(self._last_id), f"{self._last_id}.0")

    async def _answer(self, request: Message) -> None:
        """Answer what the server asks, as an agent does whose user declines everything."""
        if "id" not in request:
            return
        reply: Message = {"jsonrpc": "2.0", "id": request["id"]}
        method = request["method"]
        able = self._client.capabilities
        if method == "ping":
            reply["result"] = {}
        elif method == "roots/list" and "roots" in able:
            reply["result"] = {"roots": [{"uri": _uri(self._root), "name": os.path.basename(self._root)}]}
        elif method == "elicitation/create" and "elicitation" in able:
            reply["result"] = {"action": "decline"}
        elif method == "sampling/createMessage" and "sampling" in able:
            reply["error"] = {"code": _USER_REJECTED, "message": "User rejected sampling request"}
        else:
            reply["error"] = {"code": _METHOD_NOT_FOUND, "message": "Method not found"}
        await self._channel.send(reply)


_REPORT = "Report it to the server's authors; give its tools with --tools meanwhile."


def _uri(path: str) -> str:
    from pathlib import Path

    return Path(path).as_uri()


def _result(answer: Message, method: str) -> Message:
    error = answer.get("error")
    if error is not None:
        said = error.get("message") if isinstance(error, dict) else error
        text = printable(masked(str(said)))[:_LONGEST_MESSAGE] or "an error without a message"
        raise ServerFailureError(f"it answers {method} with an error: {text}", "Mend its configuration.")
    result = answer.get("result")
    if not isinstance(result, dict):
        raise ServerFailureError(f"its answer to {method} holds no result", _REPORT)
    return result


def answer_of(
    introduced: Message, entries: list[object], notes: list[str], lists_resources: bool | None = None
) -> Answer:
    """What the server told, checked: broken entries are left out, of several with one name the last one counts.

    ``lists_resources``: see :meth:`Session.lists_resources`; None: it was not asked or did not answer in time.
    """
    declared = declared_resources(introduced.get("capabilities"))
    info = introduced.get("serverInfo")
    version = info.get("version") if isinstance(info, dict) else None
    instructions = introduced.get("instructions")
    tools: dict[str, ToolDefinition] = {}
    broken: list[str] = []
    repeated: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            (tool,) = tool_definitions([entry], "its list")
        except (ConfigError, RecursionError) as error:
            said = str(error).removeprefix("its list: ").removeprefix("tool 1 ")
            broken.append(f"entry {number} {said}" if not said.startswith("tool ") else said)
            continue
        if tool.name in tools:
            repeated.append(tool.name)
        tools[tool.name] = tool
    for names, text in ((repeated, "listed more than once, the last one counts"), (broken, "left out")):
        if names:
            more = f" and {len(names) - _EXAMPLES:,} more" if len(names) > _EXAMPLES else ""
            notes = [*notes, printable(f"{', '.join(name[:120] for name in names[:_EXAMPLES])}{more}: {text}")]
    return Answer(
        tuple(tools.values()),
        version[:_LONGEST_VERSION] if isinstance(version, str) else "",
        instructions if isinstance(instructions, str) else "",
        tuple(notes),
        declared if lists_resources is None else "listed" if lists_resources else "empty",
    )
