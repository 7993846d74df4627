"""Tool calls that gptme keeps inside the text of the model: as ``@tool(id): {…}``, as code blocks, or as tags.

With native tools ("tool" format) the text holds what the provider called; in the other two it is what the model wrote,
and a code block of a tool's name is run whoever meant it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind
from ctxkit.sources.history.fields import arguments_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE = on_demand(r"(?m)^(`{3,})([^\n`]*)$")
_NATIVE = on_demand(r"(?m)^@([\w.]+)\(([\w:.-]+)\):[ \t]*(?=\{)")
_OPEN, _CLOSE = "<tool-use>", "</tool-use>"
_TAGGED = on_demand(r"\s*<([a-z_]{1,40})(?: args=['\"]([^'\"\n]*)['\"])?>(.*)</\1>\s*", re.DOTALL)
# A string without an end goes to the end of the text, so that none is begun inside it.
_BRACE = on_demand(r'"(?:[^"\\]|\\.)*+"?|[{}]', re.DOTALL)
_CODE = {"shell": "command", "bash": "command", "tmux": "command", "gh": "command", "ipython": "code", "python": "code"}
"""Tools whose block is one argument, and what that one is called in the native format."""
_FILE = {"save": "content", "append": "content", "patch": "patch", "morph": "edit"}
"""Tools whose block is for the path behind their name."""
_OTHERS = frozenset(
    {"read", "browser", "todo", "chats", "rag", "subagent", "vision", "screenshot", "computer", "mcp", "patch_many"}
    | {"choice", "form", "complete", "hashline_edit", "elicit", "clarify", "progress", "restart", "vent"}
)


def answered(words: str, mark: str, at: float) -> Iterator[Block]:
    """The blocks of one message of the model: its words, and its calls. Calls without an id are numbered."""
    done = 0
    for start, end, block in sorted(_calls(words, mark), key=lambda call: call[0]):
        if start < done:
            continue
        if words[done:start].strip():
            yield Block(Kind.TEXT, words[done:start], mark=mark, at=at)
        yield Block(Kind.CALL, block.text, block.name, block.call, block.arguments, mark=mark, at=at)
        done = end
    if words[done:].strip():
        yield Block(Kind.TEXT, words[done:], mark=mark, at=at)


def _calls(words: str, mark: str) -> Iterator[tuple[int, int, Block]]:
    """(start, end, call) of each call in ``words``."""
    fenced = list(_fenced(words))
    for start, end, label, body in fenced:
        tool, _, rest = label.strip().partition(" ")
        arguments = _arguments(tool, rest.strip(), body)
        if arguments is not None:
            yield start, end, Block(Kind.CALL, words[start:end], tool, f"{mark}:{start}", arguments)
    at = 0
    while (found := _NATIVE().search(words, at)) is not None:
        block = bisect_right(fenced, found.start(), key=lambda fence: fence[0]) - 1
        inside = fenced[block][1] if block >= 0 and found.start() < fenced[block][1] else None
        behind = inside or _json_end(words, found.end())
        if behind is None:
            break
        at = behind
        if inside is None:
            given = words[found.end() : behind]
            yield found.start(), behind, Block(Kind.CALL, given, found[1], found[2], arguments_of(given))
    yield from _tagged(words, mark)


def _tagged(words: str, mark: str) -> Iterator[tuple[int, int, Block]]:
    at = words.find(_OPEN)
    while at >= 0:
        end = words.find(_CLOSE, at)
        if end < 0:
            return
        found = _TAGGED().fullmatch(words, at + len(_OPEN), end)
        end += len(_CLOSE)
        if found is not None:
            arguments = _arguments(found[1], found[2] or "", found[3].strip("\n")) or {"content": found[3]}
            yield at, end, Block(Kind.CALL, words[at:end], found[1], f"{mark}:{at}", arguments)
        at = words.find(_OPEN, end)


def _fenced(words: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, label, body) of each code block; one ends at a bare fence of the same length, not inside another."""
    opening = None
    for fence in _FENCE().finditer(words):
        if opening is None:
            opening = fence if fence[2].strip() else None
        elif fence[1] == opening[1] and not fence[2].strip():
            yield opening.start(), fence.end(), opening[2], words[opening.end() + 1 : fence.start()]
            opening = None


def _arguments(tool: str, rest: str, body: str) -> dict[str, object] | None:
    """The arguments of a block as the native format would have them; None if it is no call but an example."""
    if tool in _CODE and not rest:
        return {_CODE[tool]: body.rstrip("\n")}
    if tool in _FILE and rest:
        return {"path": rest, _FILE[tool]: body}
    return {"content": body, **({"args": rest} if rest else {})} if tool in _OTHERS else None


def _json_end(words: str, start: int) -> int | None:
    depth = 0
    for token in _BRACE().finditer(words, start):
        if token[0] in "{}":
            depth += 1 if token[0] == "{" else -1
            if depth == 0:
                return token.end()
    return None
