"""What recorded sessions say about the use of an agent's window, as text: what was never used, dearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model import Category
from ctxkit.report.figures import cents, count, full
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.model import Segment
    from ctxkit.model.audit import AgentAudit
    from ctxkit.model.use import AgentUse, Use


_KINDS = {"part": "built-in tool", "mcp-tool": "MCP tool", "mcp-server": "MCP server"}


_OF_FILES = frozenset({"section", "paragraph", "item", "fence", "table"})


def use_text(audit: AgentAudit, screen: Screen, top: int) -> Iterator[str]:
    """The lines of the part; none where no sessions were asked for. ``top`` rows."""
    use = audit.use
    if use is None:
        return
    said = f"{count(use.sessions, 'session')}, {count(use.requests, 'request')}"
    yield heading("No sign of use", screen, said)
    if not use.sessions:
        yield from paragraph("This agent has recorded no session here.", screen)
        return
    told = [(segment, use.by_id[segment.id]) for segment in _leaves(audit.context.segments) if segment.id in use.by_id]
    unused = [pair for segment, found in told for pair in _unused(segment, found, use) if pair[0].tokens.n]
    used = sum(found.seen > 0 for _, found in told)
    silent = sum(found.looked_for == 0 for _, found in told)
    rows = [
        _row(segment, found, screen)
        for segment, found in sorted(unused, key=lambda item: (-item[0].tokens.n, item[0].id))[:top]
    ]
    yield from table(rows, (Column("right"), Column(), Column("right"), Column(), Column(cut="end", least=20)), screen)
    if len(unused) > top:
        yield screen.paint(f"  {screen.glyphs.cut} and {count(len(unused) - top, 'more piece')} (--top)", Style.QUIET)
    parts = [f"Tokens at today's size, requests of the sessions read; {count(used, 'piece')} met with use"]
    if silent:
        parts.append(f"{silent:,} name no command, path or tool that could be looked for")
    yield from paragraph(f"{'; '.join(parts)}.", screen, style=Style.QUIET)


def _unused(segment: Segment, found: Use, use: AgentUse) -> list[tuple[Segment, Use]]:
    """The piece itself if nothing of it was used; of a section that was, its parts that were not."""
    if found.unused:
        return [(segment, found)]
    parts = use.parts.get(segment.id, ())
    return [(part, use.by_id[part.id]) for part in parts if part.id in use.by_id and use.by_id[part.id].unused]


def _leaves(segments: tuple[Segment, ...]) -> Iterator[Segment]:
    """The smallest pieces: sections instead of their file, tools instead of their server."""
    for segment in segments:
        if segment.category in (Category.RULES, Category.TOOLS):
            yield from segment.children or (segment,)


def _row(segment: Segment, found: Use, screen: Screen) -> Row:
    name = segment.path if segment.path and segment.category is Category.RULES else segment.title
    return (
        Cell(full(segment.tokens), Style.STRONG),
        Cell(f"{screen.glyphs.times} {found.carried // max(1, segment.tokens.n):,} requests", Style.QUIET),
        Cell(cents(found.paid) if found.paid is not None else "?", Style.WARN),
        Cell(_KINDS.get(segment.kind, segment.kind), Style.QUIET),
        Cell(f"{segment.title} ({name})" if segment.kind in _OF_FILES else name),
    )
