"""Who sent a recorded request, and in which session: told by its headers and by the fields that clients fill in.

The signs of each agent stand in its data file, under ``gateway``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec

from ctxkit.agents.load import all_agents
from ctxkit.sources.history.fields import items, mapping, maps, short, text
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Mapping

_INTRODUCED_IN = 400
_SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity")
_AGENT_HEADERS = ("x-claude-code-agent-id", "x-codex-subagent-id")
_PARENT_HEADER = "x-parent-session-id"
_VERSION = on_demand(r"/(\d+(?:\.\d+)+[\w.+-]*)")
_CWD = on_demand(r"(?:<cwd>|[Ww]orking directory: )([^\n<]+)")
_USER_ID = on_demand(r"_session_([0-9a-fA-F-]{8,64})\Z")


def agent_of(headers: Mapping[str, object], system: str) -> tuple[str, str]:
    """(id of the agent, its version) that sent a request with ``headers`` and the system prompt ``system``.

    Both are empty where no sign is sure.
    """
    sender = short(headers, "user-agent")
    product = sender.partition("/")[0].lower()
    for name, agent in _user_agents():
        if product == name or product.startswith((f"{name}_", f"{name}-")):
            found = _VERSION().search(sender)
            return agent, found[1] if found else ""
    beginning = system[:_INTRODUCED_IN]
    return next((agent for words, agent in _introductions() if words in beginning), ""), ""


@cache
def _user_agents() -> tuple[tuple[str, str], ...]:
    """(product that a User-Agent begins with, whose it is), longest first."""
    found = [(spec.gateway.user_agent, spec.id) for spec in all_agents().values() if spec.gateway.user_agent]
    return tuple(sorted(found, key=lambda item: (-len(item[0]), item[0])))


@cache
def _introductions() -> tuple[tuple[str, str], ...]:
    """(words of a system prompt, whose they are), longest first."""
    found = [(words, spec.id) for spec in all_agents().values() for words in spec.gateway.introduction]
    return tuple(sorted(found, key=lambda item: (-len(item[0]), item[0])))


def session_of(headers: Mapping[str, object], body: Mapping[str, object]) -> str:
    """The id of the session that a request says it belongs to; empty if it says none."""
    named = short(headers, *_SESSION_HEADERS)
    if named:
        return named
    metadata = mapping(body, "metadata")
    given = short(metadata, "session_id") or short(mapping(body, "client_metadata"), "session_id")
    return given or _of_user_id(text(metadata, "user_id")) or short(body, "prompt_cache_key", "litellm_session_id")


def thread_of(headers: Mapping[str, object]) -> str:
    """The id of the subagent that sent a request; empty for the session itself, or if nothing tells."""
    return short(headers, *_AGENT_HEADERS)


def parent_of(headers: Mapping[str, object]) -> str:
    """The id of the session that a request's own is a subagent of; empty if none is named."""
    return short(headers, _PARENT_HEADER)


def cwd_of(words: str) -> str:
    """The working directory that ``words`` of a client name; empty if they name none."""
    found = _CWD().search(words)
    return found[1].strip()[:1_000] if found else ""


def opening_of(body: Mapping[str, object]) -> str:
    """What the conversation of a request begins with, as a key: the first message that is not the client's own."""
    inner = mapping(body, "request") if "contents" not in body and "request" in body else body
    if isinstance(inner.get("input"), str):
        return text(inner, "input")
    for message in maps(inner, "messages") or maps(inner, "contents") or maps(inner, "input"):
        if message.get("role") in ("system", "developer") or "role" not in message:
            continue
        parts = items(message, "content") or items(message, "parts")
        words = text(message, "content") or "".join(text(part, "text") for part in parts if isinstance(part, dict))
        if words:
            return words
    return ""


def _of_user_id(user_id: str) -> str:
    """The session in a user's id as Claude Code writes it: JSON in newer versions, a suffix in older ones."""
    if user_id[:1] == "{":
        try:
            fields = msgspec.json.decode(user_id)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return ""
        return short(fields, "session_id") if isinstance(fields, dict) else ""
    found = _USER_ID().search(user_id[:500])
    return found[1] if found else ""
