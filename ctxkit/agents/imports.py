"""Which files a rule file pulls in: the tokens in its text, and what may be imported."""

from __future__ import annotations

import bisect
import itertools
import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.agents.disk import has_wildcard, slash
from ctxkit.text import markdown
from ctxkit.text.markdown import Region
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.agents.find import Finder
    from ctxkit.agents.spec import Imports, RuleSource

_TICKS = on_demand(r"`+")
_FENCE_LINE = on_demand(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_BACKTICKS = on_demand(r"(`+)[\s\S]*?\1")
_AT_PATH = on_demand(r"(?:^|(?<=\s))@(?P<path>(?:\\ |[^\s])+)", re.MULTILINE)
_EMPHASIZED_AT_PATH = on_demand(r"(?:^|(?<=[\s*_\[]))@(?P<path>(?:\\ |[^\s])+)", re.MULTILINE)
_PLAIN_TOKENS = {
    "kiro-file": on_demand(r"#\[\[file:([^\]\n]+)\]\]"),
    "brace-file": on_demand(r"(?<!\$)\{file:([^}\n]+)\}"),
}
_LONGEST_PATH = 4_000


class Reference(Struct, frozen=True):
    """An import token: where it stands (characters) and the path it names, escapes undone."""

    start: int
    end: int
    target: str


def references(text: str, rules: Imports) -> list[Reference]:
    """The import tokens of ``text`` outside the regions that ``rules`` skip, in order."""
    if rules.syntax != "at-path":
        tokens = _PLAIN_TOKENS[rules.syntax]()
        return [Reference(m.start(), m.end(), m[1].strip()) for m in tokens.finditer(text)]
    if "@" not in text:
        return []
    hidden = sorted(_skipped(text, rules), key=lambda region: region.start)
    reach = list(itertools.accumulate((region.end for region in hidden), max))
    starts = [region.start for region in hidden]
    ticks = _TicksOnLine(text)
    result = []
    for match in _token(rules).finditer(text):
        start = match.start("path") - 1
        before = bisect.bisect_right(starts, start)
        if before and start < reach[before - 1]:
            continue
        if "odd-ticks" in rules.skip and ticks.before(start) % 2:
            continue
        end = match.end("path")
        if before < len(starts):
            end = min(end, starts[before])
        target = _target(text[start + 1 : end], text[start - 1 : start], rules)
        if target:
            result.append(Reference(start, end, target))
    return result


class _TicksOnLine:
    """Counts runs of backticks on a line, for places asked about in ascending order: one pass over the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._count = 0

    def before(self, place: int) -> int:
        """How many runs begin on the line of ``place`` before it."""
        line = self._text.rfind("\n", self._place, place) + 1
        if line:
            self._place, self._count = line, 0
        self._count += len(_TICKS().findall(self._text, self._place, place))
        self._place = place
        return self._count


def _skipped(text: str, rules: Imports) -> Iterator[Region]:
    for region in markdown.outline(text).regions:
        kind = "html-comment" if region.kind == "inline-comment" else region.kind
        if kind in rules.skip:
            yield region
    if "fence-lines" in rules.skip:
        yield from _fenced(text)
    if "backticks" in rules.skip:
        yield from (Region("backticks", match.start(), match.end()) for match in _BACKTICKS().finditer(text))


def _fenced(text: str) -> list[Region]:
    """What stands between lines that begin with a fence, each of which opens or closes."""
    marks = [match.start() for match in _FENCE_LINE().finditer(text)]
    ends = [*marks[1::2], len(text)] if len(marks) % 2 else marks[1::2]
    return [Region("fence-lines", start, end) for start, end in zip(marks[::2], ends, strict=True)]


def _token(rules: Imports) -> re.Pattern[str]:
    if rules.token is not None:
        return re.compile(rules.token)
    return _EMPHASIZED_AT_PATH() if rules.emphasis else _AT_PATH()


def _target(raw: str, before: str, rules: Imports) -> str:
    """The path in a token; ``before`` is the character in front of it. Empty where emphasis is left open."""
    target = raw.replace("\\ ", " ")
    if rules.emphasis and before in ("[", "*", "_"):
        target, closed, _ = target.partition("](" if before == "[" else before)
        if not closed:
            return ""
    return target.split("#", 1)[0] if rules.fragment else target


def imported_paths(importer: str, text: str, rules: Imports, finder: Finder) -> list[str]:
    """The absolute paths that the tokens in the ``text`` of the file ``importer`` stand for, there or not."""
    return [path for token in references(text, rules) for path in _paths(importer, token.target, rules, finder)]


def _paths(importer: str, target: str, rules: Imports, finder: Finder) -> list[str]:
    """The absolute paths that ``target`` stands for: several where it has wildcards that count."""
    directory = os.path.dirname(importer) if rules.base is None else finder.places.expand(rules.base, finder.names)
    home = finder.places.home
    whole = home + target[1:] if target == "~" or target.startswith("~/") else os.path.join(directory, target)
    path = os.path.normpath(whole)
    if not rules.wildcards or not has_wildcard(target):
        return [path]
    fixed = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition(os.sep)[0]
    return finder.disk.glob(fixed or os.sep, path[len(slash(fixed)) :].replace(os.sep, "/"))


def importable(path: str, importer: str, source: RuleSource, rules: Imports, finder: Finder) -> bool:
    """May a file of ``source`` import ``path`` (absolute)? Only if it is there.

    ``importer``: the file of the source itself, whatever files lie between it and the import.
    """
    extension = os.path.splitext(path)[1].lower()
    if extension in rules.not_extensions or (rules.extensions and extension not in rules.extensions):
        return False
    if "\x00" in path or len(path) > _LONGEST_PATH or not finder.disk.is_file(path):
        return False
    return not _outside(path, importer, source, rules, finder)


def imports_outside(importer: str, text: str, source: RuleSource, finder: Finder) -> bool:
    """Does ``importer``, a file of ``source`` that holds ``text``, name a file that lies where it may import none?"""
    rules = source.imports
    return rules is not None and any(
        _outside(path, importer, source, rules, finder) for path in imported_paths(importer, text, rules, finder)
    )


def _outside(path: str, importer: str, source: RuleSource, rules: Imports, finder: Finder) -> bool:
    if rules.inside is None:
        return False
    if rules.inside == "{boundary}":
        inside = finder.places.ancestors(os.path.dirname(importer), "markers", finder.markers(source))[-1]
    else:
        inside = finder.places.expand(rules.inside, finder.names)
    real = rules.through_links or finder.disk.real(path).startswith(slash(finder.disk.real(inside)))
    if real and path.startswith(slash(inside)):
        return False
    return rules.approved_by is None or finder.settings.get(rules.approved_by) is not True
