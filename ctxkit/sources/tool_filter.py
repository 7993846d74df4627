"""Which tools of an MCP server an agent leaves out of its requests."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ctxkit.agents.settings import lookup
from ctxkit.sources.tool_names import clean_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.agents.settings import Settings
    from ctxkit.agents.spec import Mcp


# No tool has a longer name; longer patterns only cost time.
_LONGEST_PATTERN = 300


@dataclass(frozen=True, slots=True)
class ToolFilter:
    """``allow`` and ``deny``: names or globs from the server's entry; an empty ``allow`` lets all through.

    ``patterns``: pattern → is it denied, from the agent's settings, least specific first. ``forms``: templates over
    ``{server}`` and ``{tool}`` of the texts they are matched against. ``allow_key``, ``deny_key`` and ``patterns_key``
    say where they stand, for messages.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    patterns: tuple[tuple[str, bool], ...] = ()
    forms: tuple[str, ...] = ()
    allow_key: str = ""
    deny_key: str = ""
    patterns_key: str = ""

    def denied(self, server: str, tool: str) -> str | None:
        """Why ``tool`` is left out of the requests; None if it is not."""
        if any(_matches(pattern, tool) for pattern in self.deny):
            return f"left out by {self.deny_key} of its server"
        if self.allow and not any(_matches(pattern, tool) for pattern in self.allow):
            return f"not listed in {self.allow_key} of its server"
        names = [(server, tool), (clean_name(server), clean_name(tool))]
        texts = {form.replace("{server}", s).replace("{tool}", t) for form in self.forms for s, t in names}
        denied = False
        for pattern, deny in self.patterns:
            if any(fnmatchcase(text, pattern) for text in texts):
                denied = deny
        return f"denied by {self.patterns_key}" if denied else None


def tool_filter(mcp: Mcp, entry: Mapping[str, object], settings: Settings) -> ToolFilter:
    """The filter of one server: its ``entry`` in the configuration file and the agent's settings."""
    patterns: tuple[tuple[str, bool], ...] = ()
    origin = ""
    if mcp.deny_patterns is not None:
        patterns = _patterns(settings.get(mcp.deny_patterns))
        origin = f"{mcp.deny_patterns} in {settings.origin(mcp.deny_patterns)}" if patterns else ""
    return ToolFilter(
        allow=_listed(entry, mcp.allow),
        deny=_listed(entry, mcp.deny),
        patterns=patterns,
        forms=tuple(form for form in mcp.deny_form or (mcp.tool_name,) if "*" not in form),
        allow_key=mcp.allow or "",
        deny_key=mcp.deny or "",
        patterns_key=origin,
    )


def _listed(entry: Mapping[str, object], key: str | None) -> tuple[str, ...]:
    value = lookup(entry, key) if key is not None else None
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str) and len(item) <= _LONGEST_PATTERN)


def _patterns(value: object) -> tuple[tuple[str, bool], ...]:
    """A list denies what it names; a map says for each pattern whether, and the longest that matches counts."""
    if isinstance(value, dict):
        rules = [(name, answer in (False, "deny")) for name, answer in value.items() if isinstance(answer, bool | str)]
        rules.sort(key=lambda rule: (len(rule[0]), rule[0]))
    else:
        items = value if isinstance(value, list) else [value]
        rules = [(item, True) for item in items if isinstance(item, str)]
    return tuple((pattern, denied) for pattern, denied in rules if len(pattern) <= _LONGEST_PATTERN)


def _matches(pattern: str, tool: str) -> bool:
    """Gemini CLI writes ``tool(arguments)`` for a tool with some arguments: the tool itself is meant."""
    return fnmatchcase(tool, pattern.split("(", 1)[0])
