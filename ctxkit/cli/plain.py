"""The plain form of an audit's command line, parsed without typer.

Importing typer takes five times as long as starting Python, and a hook runs ``ctxkit audit`` on every commit. What is
written plainly (known options, each with a value) is read here; anything else, and everything that needs an answer
in words, goes to typer. A test holds the two to the same results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = {
    "--agent": "agent",
    "--cwd": "cwd",
    "--home": "home",
    "--touch": "touch",
    "--model": "model",
    "--tools": "tools",
    "--session": "session",
    "--recent": "recent",
    "--top": "top",
    "--format": "format",
    "--output": "output",
    "-o": "output",
}


class AuditArguments(TypedDict):
    """The parameters of ``ctxkit audit``."""

    path: str
    agent: Sequence[str]
    cwd: str | None
    home: str | None
    touch: Sequence[str]
    model: str | None
    tools: Sequence[str]
    session: str | None
    recent: int
    top: int
    format: str
    output: str | None


def audit_arguments(argv: Sequence[str]) -> AuditArguments | None:
    """The arguments of an audit written plainly, with the defaults for the rest; None for any other command line."""
    if not argv or argv[0] != "audit":
        return None
    paths: list[str] = []
    given: dict[str, list[str]] = {}
    words = iter(argv[1:])
    for word in words:
        if not word.startswith("-"):
            paths.append(word)
            continue
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        name = _OPTIONS.get(option)
        if not equals:
            value = next(words, "-")
        if name is None or value.startswith("-"):
            return None
        given.setdefault(name, []).append(value)
    top, recent = _number(given, "top", "8"), _number(given, "recent", "0")
    if len(paths) > 1 or not top or recent is None:
        return None
    return {
        "path": paths[0] if paths else ".",
        "agent": given.get("agent", []),
        "cwd": _last(given, "cwd"),
        "home": _last(given, "home"),
        "touch": given.get("touch", []),
        "model": _last(given, "model"),
        "tools": given.get("tools", []),
        "session": _last(given, "session"),
        "recent": recent,
        "top": top,
        "format": given.get("format", ["text"])[-1],
        "output": _last(given, "output"),
    }


def _number(given: dict[str, list[str]], name: str, default: str) -> int | None:
    """The last value of an option, None where it is not written as a plain number."""
    word = given.get(name, [default])[-1]
    return int(word) if word.isascii() and word.isdecimal() else None


def _last(given: dict[str, list[str]], name: str) -> str | None:
    return given[name][-1] if name in given else None
