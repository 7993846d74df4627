"""What a tool call does: which files it reads or changes, and which of their lines.

Agents call the same things by different names, and shells do all of them; ``rules/actions.yaml`` has the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ctxkit.model.history import Action, Doing
from ctxkit.sources.history.action_rules import doing_of, rules
from ctxkit.sources.history.shell import shell_action
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable
    from re import Pattern

_BARE = on_demand(r"[^a-z0-9]+")
_MCP = on_demand(r"mcp_{2,3}(?:plugin_)?(.+?)__(.+)|mcp--(.+?)--(.+)|mcp_{1,3}([A-Za-z0-9.-]+)[_/](.+)")
_PATCHED = on_demand(r"(?m)^\*\*\* (Add|Update|Delete) File: ([^\n]+)$")
_PREFIXED = on_demand(r"(?:functions|developer|default_api|multi_tool_use)(?:\.|__)(.+)")
_LONGEST_PATH = 1_000
_MOST_PATHS = 50
_LONGEST_COMMAND = 20_000
_SHOWN = 80
_ENDS = 400
"""Characters at either end of a result that tell whether it is all of it."""
_NUMBERED = on_demand(r"\s*(\d{1,9})(?:\t|→)[^\n]*\s*\Z")
_PATCHING = frozenset({None, "edit", "write", "run"})


def action_of(tool: str, arguments: Mapping[str, object], text: str = "") -> Action:
    """What a call of ``tool`` does; ``text`` is what the model wrote where that is no JSON (a patch)."""
    server = server_of(tool)
    if server:
        return Action(Doing.MCP, tuple(_paths(arguments)), server=server)
    prefixed = _PREFIXED().fullmatch(tool)
    bare = _BARE().sub("", (prefixed[1] if prefixed else tool).lower())
    doing = doing_of().get(bare)
    patch = _patched(arguments, text) if doing in _PATCHING else None
    if patch is not None:
        return patch
    switched = rules().switched.get(_first(arguments, rules().switch)) if doing == "edit" else None
    if doing == "run":
        command = _command(arguments, text)
        return shell_action(command) if command else Action(Doing.RUN)
    if doing is None:
        return Action(Doing.OTHER, tuple(_paths(arguments)))
    kind = Doing(switched or doing)
    start, end = _lines(arguments, bare) if kind is Doing.READ else (None, None)
    shown = _first(arguments, ("skill", "name", "command"))[:_SHOWN] if kind is Doing.SKILL else ""
    server = _first(arguments, rules().server)[:_SHOWN] if kind is Doing.MCP else ""
    return Action(kind, tuple(_paths(arguments)), start, end, shown, server)


def borne_out(action: Action, answer: str) -> Action:
    """``action`` as its result ``answer`` bears it out.

    What a client cuts out of a long result was not read: a read keeps the lines that the result says it shows, or an
    ``end`` of 0 where it does not say which.
    """
    if action.doing is not Doing.READ:
        return action
    ends = f"{answer[:_ENDS]}\n{answer[-_ENDS:]}"
    found = _shown().search(ends)
    if found is not None and len(action.paths) == 1:
        *first, last = (int(number) for number in found.groups() if number)
        return replace(action, start=_bounded(first[0]) if first else action.start, end=last)
    head = f"\n{answer[:_ENDS]}"
    if found is not None or any(f"\n{words}" in head for words in rules().cut):
        return replace(action, start=None, end=0)
    return replace(action, end=_last_line(action, answer)) if action.end is None else action


def _last_line(action: Action, answer: str) -> int | None:
    """The number of the last line, if there are so many that the client has stopped there."""
    if len(answer) <= 2 * rules().most_lines:
        return None
    last = _NUMBERED().match(answer, answer.rstrip().rfind("\n") + 1)
    shown = int(last[1]) - (action.start or 1) + 1 if last is not None else 0
    return int(last[1]) if last is not None and shown == rules().most_lines else None


@cache
def _shown() -> Pattern[str]:
    import re

    return re.compile(f"(?m)^(?:{'|'.join(rules().shown)})")


def server_of(tool: str) -> str:
    """The MCP server that a tool's name on the wire tells of; empty for a tool of no server."""
    found = _MCP().fullmatch(tool)
    return (found[1] or found[3] or found[5] or "") if found else ""


def normal_path(path: str) -> str:
    """``path`` with forward slashes and without ``./`` in front."""
    plain = path.replace("\\", "/").strip()
    while plain.startswith("./"):
        plain = plain[2:].lstrip("/ ")
    return plain.rstrip("/ ") or plain[:1] or "."


def _first(arguments: Mapping[str, object], keys: Iterable[str]) -> str:
    return next((value for key in keys if isinstance(value := arguments.get(key), str) and value), "")


def _paths(arguments: Mapping[str, object]) -> list[str]:
    single = _first(arguments, rules().path)
    if single:
        return [normal_path(single)] if len(single) <= _LONGEST_PATH and "\n" not in single else []
    for key in rules().paths:
        value = arguments.get(key)
        if isinstance(value, list):
            found = [item if isinstance(item, str) else _inner(item) for item in value[:_MOST_PATHS]]
            return [normal_path(item) for item in found if item and len(item) <= _LONGEST_PATH and "\n" not in item]
    return []


def _inner(item: object) -> str:
    return _first(item, rules().path) if isinstance(item, Mapping) else ""


def _lines(arguments: Mapping[str, object], bare: str) -> tuple[int | None, int | None]:
    """The first and the last line that a read asks for, both from 1."""
    for key in rules().range:
        value = arguments.get(key)
        if isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) for n in value):
            return _bounded(value[0]), _bounded(value[1]) if value[1] > 0 else None
    start = _number(arguments, rules().start)
    end = _number(arguments, rules().end)
    count = _number(arguments, rules().count)
    if start is not None and bare in rules().zero_based.split() and "offset" in arguments:
        start += 1
    if not end and count:
        end = (start or 1) + count - 1
    return (start if start and start > 1 else None), end or None


def _bounded(value: int) -> int | None:
    return value if value > 1 else None


def _number(arguments: Mapping[str, object], keys: Iterable[str]) -> int | None:
    for key in keys:
        value = arguments.get(key)
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 12:
            return int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40:
            return int(value)
    return None


def _command(arguments: Mapping[str, object], text: str) -> str:
    for key in rules().command:
        value = arguments.get(key)
        if isinstance(value, str) and value:
            return value[:_LONGEST_COMMAND]
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            if len(value) >= 3 and value[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh") and value[1] in ("-c", "-lc"):
                return str(value[2])[:_LONGEST_COMMAND]
            return " ".join(value)[:_LONGEST_COMMAND]
    return "" if arguments else text[:_LONGEST_COMMAND]


def _patched(arguments: Mapping[str, object], text: str) -> Action | None:
    """The files of a patch in the form that OpenAI's models write, wherever in the call it stands."""
    for words in (_command(arguments, text), _first(arguments, ("patch", "patchText", "patch_text", "diff"))):
        if "*** " not in words:
            continue
        found = _PATCHED().findall(words)
        if found:
            paths = tuple(dict.fromkeys(normal_path(path) for _, path in found))[:_MOST_PATHS]
            return Action(Doing.WRITE if all(word == "Add" for word, _ in found) else Doing.EDIT, paths)
    return None
