"""The plain forms of an audit's and a check's command line, parsed without typer.

Importing typer takes five times as long as starting Python, and a hook runs ``ctxkit check`` on every commit. What is
written plainly (known options, each with a value) is read here; anything else, and everything that needs an answer
in words, goes to typer. A test holds the two to the same results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OPTIONS = {
    "--agent": "agent",
    "--cwd": "cwd",
    "--home": "home",
    "--touch": "touch",
    "--model": "model",
    "--tools": "tools",
    "--session": "session",
    "--recent": "recent",
    "--persona": "persona",
    "--top": "top",
    "--format": "format",
    "--output": "output",
    "-o": "output",
}


_CHECK_OPTIONS = {
    "--agent": "agent",
    "--fail-on": "fail_on",
    "--persona": "persona",
    "--baseline": "baseline",
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
    persona: str
    top: int
    format: str
    output: str | None


def audit_arguments(argv: Sequence[str]) -> AuditArguments | None:
    """The arguments of an audit written plainly, with the defaults for the rest; None for any other command line."""
    plain = _plain(argv, "audit", _OPTIONS)
    if plain is None:
        return None
    paths, given = plain
    top, recent = _number(given, "top", "8"), _number(given, "recent", "0")
    if not top or recent is None:
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
        "persona": _last(given, "persona") or "",
        "top": top,
        "format": given.get("format", ["text"])[-1],
        "output": _last(given, "output"),
    }


class CheckArguments(TypedDict):
    """The parameters of ``ctxkit check``."""

    path: str
    agent: Sequence[str]
    fail_on: str
    persona: str
    baseline: str | None
    format: str
    output: str | None


def check_arguments(argv: Sequence[str]) -> CheckArguments | None:
    """The same of a check."""
    plain = _plain(argv, "check", _CHECK_OPTIONS)
    if plain is None:
        return None
    paths, given = plain
    return {
        "path": paths[0] if paths else ".",
        "agent": given.get("agent", []),
        "fail_on": _last(given, "fail_on") or "",
        "persona": _last(given, "persona") or "",
        "baseline": _last(given, "baseline"),
        "format": given.get("format", ["text"])[-1],
        "output": _last(given, "output"),
    }


def _plain(
    argv: Sequence[str], command: str, options: Mapping[str, str]
) -> tuple[list[str], dict[str, list[str]]] | None:
    """(paths, one at most; values by parameter) of a ``command`` written plainly; None for anything else."""
    if not argv or argv[0] != command:
        return None
    paths: list[str] = []
    given: dict[str, list[str]] = {}
    words = iter(argv[1:])
    for word in words:
        if not word.startswith("-"):
            paths.append(word)
            continue
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        name = options.get(option)
        if not equals:
            value = next(words, "-")
        if name is None or value.startswith("-"):
            return None
        given.setdefault(name, []).append(value)
    return None if len(paths) > 1 else (paths, given)


def _number(given: dict[str, list[str]], name: str, default: str) -> int | None:
    """The last value of an option, None where it is not written as a plain number."""
    word = given.get(name, [default])[-1]
    return int(word) if word.isascii() and word.isdecimal() else None


def _last(given: dict[str, list[str]], name: str) -> str | None:
    return given[name][-1] if name in given else None
