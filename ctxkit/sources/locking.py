"""What writing the lock file anew keeps, takes in and drops, and how that differs from what stood there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.tools import ServerChange, ToolChange

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from ctxkit.sources.definitions import ServerDefinition

    Servers = Mapping[str, ServerDefinition]


def merged(answers: Servers) -> ServerDefinition:
    """What one server told several agents (by id), as one definition: the longest list, and what others have besides.

    Where it describes a tool to each of them in another way, the words to the agent with the longest list count.
    """
    longest = max(answers.values(), key=lambda answer: len(answer.tools))
    tools = {tool.name: tool for answer in (*answers.values(), longest) for tool in answer.tools}
    names = {agent: {tool.name for tool in answer.tools} for agent, answer in answers.items()}
    untold = {agent: tuple(sorted(tools.keys() - told)) for agent, told in names.items() if tools.keys() - told}
    return replace(longest, tools=tuple(tools[name] for name in sorted(tools)), untold=untold)


def renewed(locked: Servers, told: Servers, configured: Collection[str]) -> dict[str, ServerDefinition]:
    """The servers of the new lock file: those ``told`` anew, and of those ``locked`` the ones still ``configured``."""
    kept = {name: server for name, server in locked.items() if name in configured}
    return {**kept, **told}


def changes(before: Servers, after: Servers, count: Callable[[str], int]) -> tuple[ServerChange, ...]:
    """How two lock files differ, by server name; ``count`` gives o200k tokens."""
    found = (_change(name, before.get(name), after.get(name), count) for name in sorted({*before, *after}))
    return tuple(change for change in found if change is not None)


def _change(
    name: str, old: ServerDefinition | None, new: ServerDefinition | None, count: Callable[[str], int]
) -> ServerChange | None:
    was, now = _tools(old), _tools(new)
    counts = {tool: (_count(was.get(tool), count), _count(now.get(tool), count)) for tool in sorted({*was, *now})}
    other = [tool for tool in counts if was.get(tool, ("", ""))[0] != now.get(tool, ("", ""))[0]]
    told = old is not None and new is not None and old.instructions != new.instructions
    versions = (old.version if old is not None else None, new.version if new is not None else None)
    if old is not None and new is not None and not other and not told and versions[0] == versions[1]:
        return None
    tools = [ToolChange(tool, *counts[tool]) for tool in other]
    tools.sort(key=lambda tool: (-abs((tool.after or 0) - (tool.before or 0)), tool.name))
    return ServerChange(
        name=name,
        version_before=versions[0],
        version_after=versions[1],
        before=None if old is None else sum(n or 0 for n, _ in counts.values()),
        after=None if new is None else sum(n or 0 for _, n in counts.values()),
        tools=tuple(tools),
        told=told,
    )


def _tools(server: ServerDefinition | None) -> dict[str, tuple[str, str]]:
    """Tool → its hash and the text that is counted; of several with one name the last, as the lock file keeps them."""
    return {} if server is None else {tool.name: (tool.hash, tool.reference_text) for tool in server.tools}


def _count(tool: tuple[str, str] | None, count: Callable[[str], int]) -> int | None:
    return None if tool is None else count(tool[1])


def repeated_secret(server: ServerDefinition, secrets: Mapping[str, str]) -> str | None:
    """The name of a value of ``secrets`` that the server repeats in what it tells; None if it repeats none."""
    for text in _texts([server.instructions, server.version, *(tool.listed for tool in server.tools)]):
        for name, value in secrets.items():
            if value in text:
                return name
    return None


def _texts(values: list[object]) -> Iterator[str]:
    """Every text in nested lists and maps, keys included."""
    while values:
        value = values.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            values += [*value, *value.values()]
        elif isinstance(value, list):
            values += value
