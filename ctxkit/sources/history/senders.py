"""Who sent a recorded request, and in which session: told by its headers and by the fields that clients fill in.

Evidence: the recorded requests of the versions that the data files of the agents name as ``lab``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ctxkit.sources.history.fields import items, mapping, maps, short, text
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Mapping

_USER_AGENTS = {
    "claude-cli": "claude-code",
    "codex": "codex",
    "geminicli": "gemini-cli",
    "kilo-code": "kilo",
    "opencode": "opencode",
    "qwencode": "qwen-code",
    "githubcopilotchat": "copilot-vscode",
}
"""The product that a User-Agent begins with, up to its slash, and whose it is."""
_INTRODUCTIONS = {
    "Claude Code": "claude-code",
    "Claude Agent SDK": "claude-code",
    "Codex CLI": "codex",
    "You are Codex": "codex",
    "GitHub Copilot CLI": "copilot-cli",
    "Gemini CLI": "gemini-cli",
    "You are Qwen Code": "qwen-code",
    "You are OpenCode": "opencode",
    "You are Kilo": "kilo",
    "You are Cline": "cline",
    "You are Roo": "roo-code",
    "Continue CLI": "continue-cli",
    "operating inside pi": "pi",
    "You are gptme": "gptme",
}
"""Names that the first words of a system prompt give the agent."""
_INTRODUCED_IN = 400
_SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity")
_AGENT_HEADERS = ("x-claude-code-agent-id", "x-codex-subagent-id")
_VERSION = on_demand(r"/(\d+(?:\.\d+)+[\w.+-]*)")
_CWD = on_demand(r"(?:<cwd>|[Ww]orking directory: )([^\n<]+)")
_USER_ID = on_demand(r"_session_([0-9a-fA-F-]{8,64})\Z")


def agent_of(headers: Mapping[str, object], system: str) -> tuple[str, str]:
    """(id of the agent, its version) that sent a request with ``headers`` and the system prompt ``system``.

    Both are empty where no sign is sure.
    """
    sender = short(headers, "user-agent")
    product = sender.partition("/")[0].lower()
    for name, agent in _USER_AGENTS.items():
        if product == name or product.startswith((f"{name}_", f"{name}-")):
            found = _VERSION().search(sender)
            return agent, found[1] if found else ""
    beginning = system[:_INTRODUCED_IN]
    return next((agent for words, agent in _INTRODUCTIONS.items() if words in beginning), ""), ""


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
