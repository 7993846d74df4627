"""Rule files and catalogues as segments of a window."""

from __future__ import annotations

import bisect
import fnmatch
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.agents import charge
from ctxkit.agents.disk import slash
from ctxkit.model import NO_TOKENS, Activation, Category, Segment, Span, Tokens, shared_out
from ctxkit.sources.identity import rule_id
from ctxkit.text import frontmatter, markdown

if TYPE_CHECKING:
    from ctxkit.agents.catalog import Listed
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.resolve import Loaded
    from ctxkit.agents.spec import Frame
    from ctxkit.sources.counting import PieceCounter

Estimate = Callable[[int, str, str], Tokens]
"""(o200k count, path, text) → the model's own count."""


MAX_SECTIONS = 500
"""Sections shown of one file. Of 1,392 rule files of real repositories the longest has 123 headings (2026-11)."""


class RuleSegments:
    """Builds segments for one agent. ``estimate`` turns an o200k count into the model's."""

    def __init__(self, disk: Disk, counter: PieceCounter, estimate: Estimate) -> None:
        self._disk = disk
        self._counter = counter
        self._estimate = estimate

    def rule(self, entry: Loaded) -> Segment:
        """A rule file with its heading sections as children."""
        path = self._disk.show(entry.path)
        body = charge.join(entry.text, entry.ranges)
        sections = self._sections(entry)
        counts = self._counter.pieces(body, [offset for offset, *_ in sections]) if sections else []
        whole = self._estimate(sum(counts), path, body)
        shares = shared_out(whole, counts)
        loaded = (entry.loaded and entry.activation is not Activation.NAMED) or _is_described(entry)
        charged = NO_TOKENS
        if entry.listing:
            charged = self._listing(entry.listing, path)
        elif entry.loaded:
            charged = whole
        children = tuple(
            Segment(
                category=Category.RULES,
                kind="section",
                title=title,
                activation=entry.activation,
                path=path,
                loaded=loaded and not entry.listing,
                after_touch=entry.after_touch,
                tokens=share if loaded and not entry.listing else NO_TOKENS,
                tokens_if_used=share,
                via=tuple(self._disk.show(p) for p in entry.via),
                span=span,
                confidence=entry.source.confidence.value,
                id=rule_id(path, entry.text, part),
            )
            for (_, title, part, span), share in zip(sections, shares, strict=True)
        )
        return Segment(
            category=Category.RULES,
            kind="import" if entry.via else entry.source.kind,
            title=path,
            activation=entry.activation,
            path=path,
            loaded=loaded,
            after_touch=entry.after_touch,
            tokens=charged,
            tokens_if_used=whole,
            via=tuple(self._disk.show(p) for p in entry.via),
            span=_Places(entry.text).span(entry.ranges),
            children=children if len(children) > 1 else (),
            why=entry.why,
            confidence=entry.source.confidence.value,
            id=rule_id(path, entry.text),
        )

    def listed(self, entry: Listed) -> Segment:
        """A skill, subagent, command or mode, at the size of its listing."""
        path = self._disk.show(entry.path)
        body = entry.text[entry.body_start :]
        return Segment(
            category=Category.RULES,
            kind=entry.catalog.kind,
            title=entry.name,
            activation=entry.activation,
            path=path,
            loaded=entry.loaded and entry.activation is not Activation.NAMED,
            after_touch=entry.after_touch,
            tokens=self._listing(entry.listing, path) if entry.loaded else NO_TOKENS,
            tokens_if_used=self._estimate(self._counter.whole(body), path, body),
            why=entry.why,
            confidence=entry.catalog.confidence.value,
            id=rule_id(path, entry.text, "" if entry.text else entry.name),
        )

    def names(self, listing: str, count: int, kind: str) -> Segment:
        """A list of ``count`` file names that the agent sends with its first request."""
        return Segment(
            category=Category.SYSTEM,
            kind="listing",
            title=f"{kind}: names of {count:,} files",
            activation=Activation.ALWAYS,
            loaded=True,
            tokens=self._listing(listing, "names.txt"),
            tokens_if_used=self._listing(listing, "names.txt"),
            why="the agent lists the files of the project",
            id=f"system:{kind}",
        )

    def framing(self, rules: Iterable[Loaded], listed: Iterable[Listed], cwd: str, model: str) -> Segment | None:
        """What the agent writes around rule files and listings, as one segment; None if nothing is known of it.

        ``cwd``: the agent's working directory, which some print. ``model``: the id of the model.
        """
        tokens, seen = 0, set()
        for part in _framed(rules, listed, self._disk, cwd, model):
            if part.once is None or part.once not in seen:
                seen.add(part.once)
                tokens += part.tokens + (self._counter.whole(part.text) if part.text else 0)
        if not tokens:
            return None
        estimate = self._estimate(tokens, "framing.md", "")
        return Segment(
            category=Category.RULES,
            kind="framing",
            title="headings and reminders around them",
            activation=Activation.ALWAYS,
            loaded=True,
            tokens=Tokens(estimate.n, False, "measured framing", max(estimate.error, 0.1)),
            tokens_if_used=Tokens(estimate.n, False, "measured framing", max(estimate.error, 0.1)),
            why="the agent writes it around rule files and listings",
            confidence="lab",
            id="rules:framing",
        )

    def _listing(self, listing: str, path: str) -> Tokens:
        counted = self._estimate(self._counter.whole(listing), path, listing)
        return Tokens(counted.n, False, f"{counted.by} of the listing", max(counted.error, 0.1))

    def _sections(self, entry: Loaded) -> list[tuple[int, str, str, Span | None]]:
        """(offset in the charged text, title, headings that lead there, span in the file) of what headings part."""
        if not entry.ranges:
            return []
        outline = markdown.outline(entry.text) if entry.path.endswith((".md", ".mdc", ".markdown")) else _NO_OUTLINE
        result: list[tuple[int, str, str, Span | None]] = []
        offset = 0
        above: list[tuple[int, str]] = []
        places = _Places(entry.text)
        for start, end, title, level in markdown.sections(entry.text, _topmost(outline)):
            above = [*((other, name) for other, name in above if other < level), (level, title)] if level else []
            inside = _overlap(entry.ranges, start, end)
            length = sum(stop - begin for begin, stop in inside)
            if not length:
                continue
            name = f"{'#' * level} {title}".strip() if level else "(before the first heading)"
            part = "/".join(title for _, title in above) or name
            result.append((offset, name, part, places.span(inside)))
            offset += length
        return result


class _Places:
    """Places in a text as bytes of its file. Asked for in ascending order, so that all of them cost one pass."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known = "\ufffd" not in text
        self._ascii = text.isascii()
        self._characters = 0
        self._bytes = 0

    def span(self, ranges: Sequence[charge.Range]) -> Span | None:
        """From the first to the last of ``ranges``; None where the file is not UTF-8, so that places are not known."""
        if not ranges or not self._known:
            return None
        return Span(self._at(ranges[0][0]), self._at(ranges[-1][1]))

    def _at(self, character: int) -> int:
        if self._ascii:
            return character
        self._bytes += len(self._text[self._characters : character].encode())
        self._characters = character
        return self._bytes


def _topmost(outline: markdown.Outline) -> markdown.Outline:
    """``outline`` without its deepest levels of headings, where there are more than anybody reads."""
    level = 6
    headings = outline.headings
    while len(headings) > MAX_SECTIONS:
        level -= 1
        headings = tuple(heading for heading in headings if heading.level <= level)
    return markdown.Outline(outline.regions, headings)


def _is_described(entry: Loaded) -> bool:
    """Whether its description stands in the first request, though its body waits for a touch."""
    description = frontmatter.parse(entry.text).text("description") if entry.listing else ""
    return bool(description) and description in entry.listing


_NO_OUTLINE = markdown.Outline((), ())


class _Framing(Struct, frozen=True):
    """Text around what is loaded: ``tokens`` (o200k) and the ``text`` of a path; with a name ``once`` it comes once."""

    tokens: int
    text: str = ""
    once: str | None = None


def _framed(rules: Iterable[Loaded], listed: Iterable[Listed], disk: Disk, cwd: str, model: str) -> Iterable[_Framing]:
    def preamble(frame: Frame, name: str) -> _Framing:
        more = sum(n for pattern, n in frame.preamble_by_model.items() if fnmatch.fnmatchcase(model, pattern))
        return _Framing(frame.preamble + more, cwd if frame.prints_cwd else "", name)

    for rule in rules:
        source = rule.source
        if rule.listing and not rule.loaded and source.waiting is not None:
            yield _Framing(source.waiting.preamble, once=source.waiting.template)
        own = source.imports.frame if rule.via and source.imports is not None else None
        frame = own or source.frame
        if rule.loaded and frame is not None:
            yield preamble(frame, source.group or source.id)
            yield _Framing(frame.per_file, _shown(frame, rule.path, disk, cwd))
        if rule.loaded and source.imports is not None:
            yield from (_Framing(source.imports.repeat_mark, path) for path in rule.again)
    for entry in listed:
        frame = entry.catalog.frame
        if entry.loaded and frame is not None:
            yield preamble(frame, entry.catalog.listing or entry.catalog.id)
            yield _Framing(frame.per_file, _shown(frame, entry.path, disk, cwd))
            if frame.per_root:
                yield _Framing(frame.per_root, entry.root, f"root {entry.root}")


def _shown(frame: Frame, path: str, disk: Disk, cwd: str) -> str:
    inside = path.startswith(slash(cwd))
    inner = path[len(slash(cwd)) :] if inside else os.path.relpath(path, cwd) if _same_drive(path, cwd) else path
    shown = {
        "absolute": path,
        "relative": disk.show(path),
        "from-cwd": inner,
        "both": path + (inner if inside else path),
        "name": os.path.basename(path),
        "none": "",
    }[frame.path]
    return shown * frame.path_times


def _same_drive(path: str, other: str) -> bool:
    return os.path.splitdrive(path)[0] == os.path.splitdrive(other)[0]


def _overlap(ranges: Sequence[charge.Range], start: int, end: int) -> list[charge.Range]:
    first = max(bisect.bisect_left(ranges, (start, start)) - 1, 0)
    last = bisect.bisect_left(ranges, (end, end))
    return [(max(a, start), min(b, end)) for a, b in ranges[first:last] if max(a, start) < min(b, end)]
