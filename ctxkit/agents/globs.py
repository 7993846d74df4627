"""Patterns of path-scoped rules, read as the agent at hand reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.agents.spec import GlobDialect

_MAX_ALTERNATIVES = 1_000
_REPEATED_GLOBSTAR = on_demand(r"(?:\*\*/){2,}")


def matcher(patterns: Sequence[str], dialect: GlobDialect) -> Callable[[str], bool]:
    """A test of posix paths relative to the dialect's base. Later patterns win, as the dialect's ``negation`` says."""
    compiled = [_compile(alternative, dialect) for pattern in patterns for alternative in expand_braces(pattern)]

    def matches(path: str) -> bool:
        path = path.encode("utf-8", "replace").decode()
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


def _compile(pattern: str, dialect: GlobDialect) -> tuple[Any, bool]:
    wanted = not pattern.startswith("!")
    pattern = _REPEATED_GLOBSTAR().sub("**/", pattern.removeprefix("!").strip())
    if not pattern or any(pattern.startswith(start) for start in dialect.never):
        return None, wanted
    if dialect.drop_globstar and pattern.endswith("/**") and len(pattern) > 3:
        pattern = pattern[:-3]
    if dialect.style == "gitignore":
        anchored = "/" in pattern.rstrip("/")
        body = _translate(pattern.strip("/"))
        return _regex(("" if anchored else "(?:.*/)?") + body + "(?:/.*)?", dialect.ignore_case), wanted
    pattern = pattern.removeprefix("./")
    bare = "/" not in pattern and dialect.bare == "basename"
    relative = not pattern.startswith(("/", "**"))
    start = "(?:.*/)?" if bare or (dialect.any_depth and relative) else ""
    return _regex(start + _translate(pattern.lstrip("/")), dialect.ignore_case), wanted


def _regex(text: str, ignore_case: bool) -> Any:
    """``text`` compiled by RE2, whose time is linear: a repository writes these patterns. None if it is too large."""
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(text.encode("utf-8", "replace").decode(), options)
    except re2.error:
        return None


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
