"""The use of an agent's rules, skills, subagents and tools in the sessions it recorded last."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ctxkit.model import Category, Context, CtxkitError, Segment
from ctxkit.model.session import MAIN, Block, Event, Kind
from ctxkit.model.use import AgentUse, Use
from ctxkit.sources.history.action_rules import doing_of
from ctxkit.sources.history.load import load_sessions
from ctxkit.sources.session.rule_texts import rule_parts
from ctxkit.sources.session.scale import Scale
from ctxkit.sources.session.signs import SignFinder, signs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ctxkit.model.history import Session
    from ctxkit.sources.history.find import Found
    from ctxkit.sources.history.weigh import Store
    from ctxkit.sources.session.rule_texts import CountPieces

    TextOf = Callable[[Segment], str]
    """The text of a rule file, or of one section of it; empty where it cannot be read."""

_SHOWN = 4
_BUILT_IN = "part"
_LISTED = {"skill", "subagent", "command"}
"""Kinds of segments whose use is told by their name."""


def recent_use(
    context: Context,
    found: Sequence[Found],
    text_of: TextOf,
    count: CountPieces,
    store: Store | None,
    progress: Callable[[int, int, str], None] | None = None,
) -> AgentUse:
    """What the sessions ``found`` say about the segments of ``context``; sessions that cannot be read are left out.

    Built-in tools change their names from version to version: unless a session of this one was read, nothing can tell.
    """
    segments = context.segments
    texts = {piece.id: text_of(piece) for piece in _pieces(segments) if piece.category is Category.RULES}
    parts = {
        piece.id: rule_parts(piece, texts[piece.id], count)
        for piece in _pieces(segments)
        if piece.category is Category.RULES and piece.kind not in _LISTED and not piece.children
    }
    signs = {identity: signs_of(text) for identity, text in texts.items()}
    signs |= {part.id: signs_of(text) for mine in parts.values() for part, text in mine}
    pieces = [*_pieces(segments), *(part for mine in parts.values() for part, _ in mine)]
    finder = SignFinder(sign for mine in signs.values() for sign in mine)
    seen: Counter[str] = Counter()
    met: dict[str, Counter[str]] = {}
    sessions = requests = 0
    price = 0.0
    priced = same_version = False
    for at, item in enumerate(found):
        if progress is not None:
            progress(at, len(found), "Reading sessions")
        watcher = _Watcher(finder)
        try:
            read = list(load_sessions(item.peek.path, item.peek.key, store, watcher.watch))
        except CtxkitError:
            continue
        for session in read:
            sessions += 1
            same_version = same_version or _minor(session.start.version) == _minor(context.version)
            requests += len(session.of(MAIN))
            share = _price_of_a_token(session)
            priced = priced or share > 0
            price += share
        for piece in pieces:
            signals = watcher.used(piece, signs.get(piece.id, frozenset()))
            if signals:
                seen[piece.id] += 1
                met.setdefault(piece.id, Counter()).update(signals)
    uses = {
        piece.id: Use(
            seen=seen[piece.id],
            looked_for=_looked_for(piece, signs) if same_version or piece.kind != _BUILT_IN else 0,
            found=tuple(sign for sign, _ in met.get(piece.id, Counter()).most_common(_SHOWN)),
            carried=piece.tokens.n * requests,
            paid=piece.tokens.n * price if priced else None,
        )
        for piece in (pieces if sessions else ())
    }
    kept = {identity: tuple(part for part, _ in mine) for identity, mine in parts.items() if mine}
    return AgentUse(sessions, requests, uses, kept)


def _pieces(segments: Iterable[Segment]) -> Iterator[Segment]:
    """What use can be told of: sections of rule files, entries of catalogues, tools and their servers."""
    for segment in segments:
        if segment.category is Category.RULES:
            if segment.kind in _LISTED:
                yield segment
            elif segment.span is not None or segment.children:
                yield segment
                yield from segment.children
        elif segment.category is Category.TOOLS:
            yield segment
            yield from segment.children


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _looked_for(piece: Segment, signs: Mapping[str, frozenset[str]]) -> int:
    if piece.category is Category.TOOLS or piece.kind in _LISTED:
        return 1
    return len(signs.get(piece.id, ()))


def _price_of_a_token(session: Session) -> float:
    """What a token that was in every request of the main thread cost; US dollars."""
    return Scale(session).paid_by_token()


class _Watcher:
    """Sees the events of one session pass."""

    def __init__(self, finder: SignFinder) -> None:
        self._finder = finder
        self._signs: set[str] = set()
        self._tools: set[str] = set()
        self._named: set[str] = set()

    def watch(self, event: Event) -> None:
        """Note what ``event`` uses."""
        if not isinstance(event, Block):
            return
        if event.kind is Kind.CALL:
            self._tools.add(event.name)
            self._signs.update(self._finder.found_in(event.text))
            self._named.update(
                value for value in event.arguments.values() if isinstance(value, str) and len(value) < 80
            )
        elif event.kind in (Kind.PROMPT, Kind.REMINDER) and "<command-name>" in event.text[:200]:
            self._named.add(event.text.partition("<command-name>")[2].partition("<")[0].strip().lstrip("/"))

    def used(self, piece: Segment, signs: frozenset[str]) -> list[str]:
        """By what ``piece`` was used; empty if no sign of it was met."""
        if piece.category is Category.TOOLS:
            names = {piece.title, *(child.title for child in piece.children)}
            called = names & self._tools
            if not called and _delegates(piece.title):  # agents rename this tool from version to version
                called = {tool for tool in self._tools if _delegates(tool)}
            return sorted(called)
        if piece.kind in _LISTED:
            return [piece.title] if piece.title in self._named or f"/{piece.title}" in self._named else []
        return sorted(signs & self._signs)


def _delegates(tool: str) -> bool:
    return doing_of().get(tool.lower()) == "delegate"
