"""Which files a rule file pulls in: finding the tokens in its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.text.markdown import Region
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from ctxkit.agents.spec import Imports
    from ctxkit.text.markdown import Outline

_TICKS = on_demand(r"`+")
_FENCE_LINE = on_demand(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_BACKTICKS = on_demand(r"(`+)[\s\S]*?\1")
_PLAIN_TOKENS = {
    "kiro-file": on_demand(r"#\[\[file:([^\]\n]+)\]\]"),
    "brace-file": on_demand(r"(?<!\$)\{file:([^}\n]+)\}"),
}


class Reference(Struct, frozen=True):
    """An import token: where it stands (characters) and the path it names, escapes undone."""

    start: int
    end: int
    target: str


def references(text: str, found: Outline, rules: Imports) -> list[Reference]:
    """The import tokens of ``text`` outside the regions that ``rules`` skip, in order."""
    if rules.syntax != "at-path":
        tokens = _PLAIN_TOKENS[rules.syntax]()
        return [Reference(m.start(), m.end(), m[1].strip()) for m in tokens.finditer(text)]
    if "@" not in text:
        return []
    hidden = [region for region in found.regions if _kind(region) in rules.skip]
    if "fence-lines" in rules.skip:
        hidden.extend(_fenced(text))
    if "backticks" in rules.skip:
        hidden.extend(Region("backticks", match.start(), match.end()) for match in _BACKTICKS().finditer(text))
    result = []
    for match in _token(rules).finditer(text):
        start = match.start("path") - 1
        if any(region.start <= start < region.end for region in hidden):
            continue
        if "odd-ticks" in rules.skip and len(_TICKS().findall(text, text.rfind("\n", 0, start) + 1, start)) % 2:
            continue
        end = match.end("path")
        for region in hidden:
            if start < region.start < end:
                end = region.start
        target = _clean(text[start + 1 : end], text[:start][-2:], rules)
        if target and (not rules.need or target.startswith(rules.need)):
            result.append(Reference(start, end, target))
    return result


def _kind(region: Region) -> str:
    return "html-comment" if region.kind == "inline-comment" else region.kind


def _fenced(text: str) -> list[Region]:
    """What stands between lines that begin with a fence, each of which opens or closes."""
    marks = [match.start() for match in _FENCE_LINE().finditer(text)]
    ends = [*marks[1::2], len(text)] if len(marks) % 2 else marks[1::2]
    return [Region("fence-lines", start, end) for start, end in zip(marks[::2], ends, strict=True)]


def _token(rules: Imports) -> re.Pattern[str]:
    if rules.token is not None:
        return re.compile(rules.token)
    before = r"\s" + re.escape(rules.starts) + (r"*_\[" if rules.emphasis else "")
    return re.compile(rf"(?:^|(?<=[{before}]))@(?P<path>(?:\\ |[^\s])+)", re.MULTILINE)


def _clean(raw: str, before: str, rules: Imports) -> str:
    target = raw.replace("\\ ", " ")
    if rules.emphasis:
        last = before[-1:]
        if last == "[":
            close = target.find("](")
            if close < 0:
                return ""
            target = target[:close]
        elif last in ("*", "_"):
            close = target.find(last)
            if close < 0:
                return ""
            target = target[:close]
    if rules.fragment:
        target = target.split("#", 1)[0]
    if rules.trim:
        target = target.rstrip(rules.trim)
    return target
