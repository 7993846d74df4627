"""Whether the repository has files that match a pattern, as generously as any agent reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.agents.globs import expand_braces, matcher
from ctxkit.agents.spec import GlobDialect
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.evidence import Tree

_WILD = on_demand(r"[*?\[\]]+")


def matches_any(pattern: str, tree: Tree) -> bool:
    """Does ``pattern`` match a file: from the root, from any directory, or below a directory that it matches?"""
    return any(_matches(each, tree) for each in expand_braces(pattern))


def _matches(pattern: str, tree: Tree) -> bool:
    fixed = _WILD().split(pattern)
    if len(fixed) == 1 and tree.ending(pattern):
        return True
    head, tail = fixed[0].rpartition("/")[0].lower(), fixed[-1].lower()
    tests = [
        matcher([pattern], GlobDialect(any_depth=True, ignore_case=True)),
        matcher([pattern], GlobDialect(style="gitignore", ignore_case=True)),
    ]
    # What begins and ends as the pattern does is few; without any, a pattern for a directory may match another's files.
    likely = [file for file in tree.files() if head in file.lower() and file.lower().endswith(tail)]
    return any(test(file) for file in likely or tree.files() for test in tests)
