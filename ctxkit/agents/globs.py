"""Patterns of path-scoped rules, read as the agent at hand reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.agents.spec import GlobDialect

_MAX_ALTERNATIVES = 1_000


def matcher(patterns: Sequence[str], dialect: GlobDialect) -> Callable[[str], bool]:
    """A test of posix paths relative to the dialect's base. Later patterns win, as the dialect's ``negation`` says."""
    compiled = [_compile(alternative, dialect) for pattern in patterns for alternative in expand_braces(pattern)]

    def matches(path: str) -> bool:
        result = False
        for regex, wanted in compiled:
            if regex is None:
                continue
            if not wanted and dialect.negation == "complement":
                result = result or not regex.fullmatch(path) or not regex.fullmatch(path.rsplit("/", 1)[-1])
            elif regex.fullmatch(path):
                result = wanted
        return result

    return matches


def expand_braces(pattern: str) -> list[str]:
    """``a/{b,c}`` → ``a/b``, ``a/c``; nested, at most 1,000 results. An unbalanced brace is left as it is."""
    pending: list[str] = [pattern]
    done: list[str] = []
    while pending and len(pending) + len(done) <= _MAX_ALTERNATIVES:
        current = pending.pop(0)
        match = re.search(r"\{([^{}]*,[^{}]*)\}", current)
        if match is None:
            done.append(current)
            continue
        pending.extend(current[: match.start()] + part + current[match.end() :] for part in match[1].split(","))
    return list(dict.fromkeys(done + pending))


def _compile(pattern: str, dialect: GlobDialect) -> tuple[re.Pattern[str] | None, bool]:
    wanted = not pattern.startswith("!")
    pattern = pattern.removeprefix("!").strip()
    if not pattern or any(pattern.startswith(start) for start in dialect.never):
        return None, wanted
    flags = re.IGNORECASE | re.DOTALL if dialect.ignore_case else re.DOTALL
    if dialect.drop_globstar and pattern.endswith("/**") and len(pattern) > 3:
        pattern = pattern[:-3]
    if dialect.style == "gitignore":
        anchored = "/" in pattern.rstrip("/")
        body = _translate(pattern.strip("/"))
        return re.compile(("" if anchored else "(?:.*/)?") + body + "(?:/.*)?", flags), wanted
    pattern = pattern.removeprefix("./")
    bare = "/" not in pattern and dialect.bare == "basename"
    relative = not pattern.startswith(("/", "**"))
    start = "(?:.*/)?" if bare or (dialect.any_depth and relative) else ""
    return re.compile(start + _translate(pattern.lstrip("/")), flags), wanted


def _translate(pattern: str) -> str:
    result, i = "", 0
    while i < len(pattern):
        char = pattern[i]
        if pattern.startswith("**/", i) and (i == 0 or pattern[i - 1] == "/"):
            result, i = result + "(?:.*/)?", i + 3
        elif pattern.startswith("**", i):
            result, i = result + ".*", i + 2
        elif char == "*":
            result, i = result + "[^/]*", i + 1
        elif char == "?":
            result, i = result + "[^/]", i + 1
        elif char == "[" and (close := pattern.find("]", i + 2)) > 0:
            inside = pattern[i + 1 : close].replace("\\", "\\\\")
            inside = "^" + inside[1:] if inside[0] in "!^" else inside
            result, i = f"{result}[{inside}]", close + 1
        else:
            result, i = result + re.escape(char), i + 1
    try:
        re.compile(result)
    except re.error:
        return re.escape(pattern)
    return result
