"""One recorded session as text: what to do now, where its tokens are, what is dead weight, what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Kind
from ctxkit.report.figures import cents, count, percent, short_number
from ctxkit.report.history_cost_text import cost_text, counted, turns_text
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, curve, heading, paragraph, parted, table, titles
from ctxkit.sources.session.afresh import Verdict
from ctxkit.sources.session.dead import Reason, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.history import Entry
    from ctxkit.sources.session.failures import Failed
    from ctxkit.sources.session.overview import Overview, Weight

KINDS = {
    Kind.SYSTEM: ("system prompt", Style.SYSTEM),
    Kind.TOOLS: ("tool definitions", Style.TOOLS),
    Kind.RULES: ("rule files", Style.RULES),
    Kind.REMINDER: ("added by the client", Style.SYSTEM),
    Kind.SUMMARY: ("summary", Style.HISTORY),
    Kind.PROMPT: ("your words", Style.HISTORY),
    Kind.TEXT: ("the model's words", Style.HISTORY),
    Kind.THINKING: ("thinking", Style.HISTORY),
    Kind.CALL: ("tool calls", Style.HISTORY),
    Kind.RESULT: ("tool results", Style.FILES),
}
"""What reports call the kinds of blocks, and their colours, in the order of a request."""

_REASONS = {
    Reason.REPEAT: "the same text stands there again later",
    Reason.SUPERSEDED: "read, and the same lines read again later",
    Reason.STALE: "read, and the file changed afterwards",
    Reason.FAILED: "failed, and succeeded later",
}
_VERDICTS = {
    Verdict.GO_ON: ("Go on", Style.GOOD),
    Verdict.COMPACT: ("Compact now", Style.WARN),
    Verdict.START_AFRESH: ("Start afresh", Style.BAD),
}
_HOUR = 3600


def history_text(overview: Overview, screen: Screen, top: int = 8, every_turn: bool = False) -> Iterator[str]:
    """The report line by line. ``top`` rows in the longest lists; ``every_turn``: all turns, not only the dearest."""
    parts = (
        _head(overview, screen),
        _advice(overview, screen),
        _window(overview, screen),
        _kinds(overview, screen),
        _tools(overview, screen, top),
        _files(overview, screen, top),
        _largest(overview, screen, top),
        _dead(overview, screen, max(3, top // 2)),
        _failed(overview, screen, max(3, top // 2)),
        _unused(overview, screen, max(3, top // 2)),
        cost_text(overview, screen),
        turns_text(overview, screen, None if every_turn else top),
        _skipped(overview.session.skipped, screen),
    )
    yield from parted(parts)


def _head(overview: Overview, screen: Screen) -> Iterator[str]:
    start, session = overview.session.start, overview.session
    calls = sum(entry.kind is Kind.CALL for entry in session.entries)
    name = " ".join(filter(None, (start.agent or start.format, start.version)))
    yield heading(name, screen, start.model or "model unknown")
    if start.title:
        yield from paragraph(start.title, screen, style=Style.STRONG)
    counts = [
        count(session.turns, "prompt"),
        count(len(session.steps), "request"),
        count(calls, "tool call"),
        *([count(len(session.compactions), "compaction")] if session.compactions else []),
        *([count(len(session.threads()) - 1, "side conversation")] if len(session.threads()) > 1 else []),
        *(filter(None, [_took(overview)])),
    ]
    yield from paragraph(f" {screen.glyphs.dot} ".join(counts), screen)
    yield from paragraph(session.path, screen, style=Style.QUIET)
    if session.folded.entries:
        words = (
            f"Too long to keep whole: its first {session.folded.entries:,} blocks ({session.folded.tokens:,} tokens)"
        )
        yield from paragraph(f"{words} are in no table below.", screen, style=Style.WARN)


def _took(overview: Overview) -> str:
    times = [step.at for step in overview.session.steps if step.at]
    took = max(times) - min(times) if times else 0
    if took < 60:
        return ""
    return f"{took / _HOUR:.1f} h" if took >= _HOUR else f"{took / 60:.0f} min"


def _advice(overview: Overview, screen: Screen) -> Iterator[str]:
    words, style = _VERDICTS[overview.advice.verdict]
    yield heading("What to do now", screen)
    command = overview.commands.get(overview.advice.verdict)
    said = f"{words} ({command})." if command else f"{words}."
    yield f"  {screen.paint(said, style)}"
    for reason in overview.advice.reasons:
        yield from paragraph(f"- {reason}", screen, indent=2, hang=2)


def _window(overview: Overview, screen: Screen) -> Iterator[str]:
    fills, size = overview.fills, overview.scale.window
    if not fills:
        return
    said = f"window of {size:,}" if size else "window unknown"
    yield heading("How full the window was", screen, said)
    top = max(size or 0, overview.peak) or 1
    yield "  " + screen.paint(curve([fill.tokens / top for fill in fills], screen.width - 2, screen), Style.HISTORY)
    compacted = [at for at, fill in enumerate(fills) if fill.compacted]
    if compacted:
        width = min(len(fills), screen.width - 2)
        line = [" "] * width
        for at in compacted:
            line[min(width - 1, at * width // len(fills))] = "^"
        marks = "".join(line).rstrip()
        first = marks.index("^")
        if len(marks) + len("  compacted") <= screen.width - 2:
            yield f"  {marks}  compacted"
        else:
            yield f"  {'compacted '.ljust(first) if first >= len('compacted ') else marks[:first]}{marks[first:]}"
    last, now, peak = fills[-1], overview.now, overview.peak
    source = "the provider counted" if last.recorded else "we count, of what the transcript holds,"
    words = f"In the last request {source} {last.tokens:,} tokens"
    if peak > last.tokens:
        words += f", in the fullest {peak:,} (request {max(fills, key=lambda fill: fill.tokens).number})"
    share = f", {percent(now / size)} of the window" if size else ""
    yield from paragraph(f"{words}. Now: {counted(overview, now)}{share}.", screen)


def _kinds(overview: Overview, screen: Screen) -> Iterator[str]:
    rows = [(KINDS[kind][0], overview.by_kind[kind], KINDS[kind][1]) for kind in KINDS if kind in overview.by_kind]
    if not rows:
        return
    whole = overview.now or 1
    error = f"our part {screen.glyphs.plus_minus}{overview.error * 100:.0f} %" if not overview.scale.exact else ""
    yield heading("Where the tokens are", screen, error)
    lines: list[Row] = [titles("", "now", "share", "ever", "carried", "paid")]
    for title, row, style in rows:
        lines.append(
            (
                Cell(title, style),
                Cell(counted(overview, row.now) if row.now else "-", Style.STRONG),
                Cell(percent(row.now / whole) if row.now else ""),
                Cell(short_number(row.entered)),
                Cell(short_number(row.carried)),
                Cell(cents(row.paid) if row.paid else ""),
            )
        )
    if overview.unseen > 0:
        lines.append(
            (
                Cell("not in the transcript", Style.QUIET),
                Cell(f"~{overview.unseen:,}"),
                Cell(percent(overview.unseen / whole)),
                *(Cell() for _ in range(3)),
            )
        )
    yield from table(lines, (Column(cut="end"), *(Column("right") for _ in range(5))), screen)
    if overview.unseen > 0:
        yield from paragraph(
            "Not in the transcript: the provider's count less ours, mostly system prompt and tools"
            " (see them with: ctxkit audit).",
            screen,
            style=Style.QUIET,
        )


def _by_weight(rows: Mapping[str, Weight]) -> list[tuple[str, Weight]]:
    return sorted(rows.items(), key=lambda item: (-item[1].carried, -item[1].entered, item[0]))


def _tools(overview: Overview, screen: Screen, top: int) -> Iterator[str]:
    rows = _by_weight(overview.by_tool)
    if not rows:
        return
    yield heading("By tool", screen, "tokens of calls and results")
    lines: list[Row] = [titles("", "calls", "failed", "now", "ever", "carried", "paid")]
    for name, row in rows[:top]:
        lines.append(
            (
                Cell(name),
                Cell(f"{_calls(overview, name):,}"),
                Cell(f"{row.errors:,}" if row.errors else "", Style.WARN),
                Cell(short_number(row.now) if row.now else "-", Style.STRONG),
                Cell(short_number(row.entered)),
                Cell(short_number(row.carried)),
                Cell(cents(row.paid) if row.paid else ""),
            )
        )
    yield from table(lines, (Column(cut="end", least=12), *(Column("right") for _ in range(6))), screen)
    yield from _more(len(rows) - top, "tool", screen)


def _calls(overview: Overview, name: str) -> int:
    return sum(entry.kind is Kind.CALL and (entry.name or "?") == name for entry in overview.session.entries)


def _files(overview: Overview, screen: Screen, top: int) -> Iterator[str]:
    rows = _by_weight(overview.by_file)
    if not rows:
        return
    yield heading("By file", screen, "calls and results that are about it")
    lines: list[Row] = [titles("", "read", "changed", "now", "dead", "carried", "paid")]
    for path, row in rows[:top]:
        lines.append(
            (
                Cell(path),
                Cell(f"{row.reads:,}" if row.reads else ""),
                Cell(f"{row.changes:,}" if row.changes else ""),
                Cell(short_number(row.now) if row.now else "-", Style.STRONG),
                Cell(short_number(row.dead) if row.dead else "", Style.WARN),
                Cell(short_number(row.carried)),
                Cell(cents(row.paid) if row.paid else ""),
            )
        )
    yield from table(lines, (Column(cut="middle", least=12), *(Column("right") for _ in range(6))), screen)
    yield from _more(len(rows) - top, "file", screen)


def _more(left: int, what: str, screen: Screen) -> Iterator[str]:
    if left > 0:
        yield screen.paint(f"  {screen.glyphs.cut} and {count(left, f'more {what}')} (--top)", Style.QUIET)


def _what(overview: Overview, entry: Entry) -> str:
    """What ``entry`` is about; a path below the session's directory is relative, as in the table of files."""
    return spelled(entry.about, overview.session.start.cwd)


def _largest(overview: Overview, screen: Screen, top: int) -> Iterator[str]:
    results = overview.largest[:top]
    if not results:
        return
    five = sum(overview.scale.tokens(entry) for entry in overview.largest[:5])
    whole = sum(overview.scale.tokens(entry) for entry in overview.largest) or 1
    yield heading("Largest results", screen, f"the first five: {percent(five / whole)} of all results")
    lines: list[Row] = []
    dead = {item.entry.index: item.reason for item in overview.dead}
    for entry in results:
        left = "aside" if entry.thread != MAIN else "gone"
        state = dead[entry.index].value if entry.index in dead else "" if entry.index in overview.alive else left
        lines.append(
            (
                Cell(counted(overview, overview.scale.tokens(entry)), Style.STRONG),
                Cell(entry.name or "?"),
                Cell(f"turn {entry.turn}", Style.QUIET),
                Cell(state, Style.WARN if entry.index in dead else Style.QUIET),
                Cell(_what(overview, entry)),
            )
        )
    words = min(28, max(16, screen.width - 52))
    columns = (Column("right"), Column(cut="end", least=8), Column(), Column(), Column(cut="middle", least=words))
    yield from table(lines, columns, screen)


def _dead(overview: Overview, screen: Screen, top: int) -> Iterator[str]:
    if not overview.dead:
        return
    share = percent(overview.dead_tokens / overview.now) if overview.now else ""
    said = f"at most {counted(overview, overview.dead_tokens)} tokens, {share} of the window"
    yield heading("Dead weight", screen, said)
    lines: list[Row] = []
    for reason, words in _REASONS.items():
        mine = [item.entry for item in overview.dead if item.reason is reason]
        if not mine:
            continue
        lines.append(
            (
                Cell(counted(overview, overview.scale.total(mine)), Style.STRONG),
                Cell(count(len(mine), "block")),
                Cell(f"{reason.value}: {words}"),
            )
        )
    yield from table(lines, (Column("right"), Column("right"), Column(cut="end")), screen)
    worst = sorted(overview.dead, key=lambda item: (-overview.scale.tokens(item.entry), item.entry.index))[:top]
    rows: list[Row] = [
        (
            Cell(counted(overview, overview.scale.tokens(item.entry))),
            Cell(item.reason.value, Style.QUIET),
            Cell(_what(overview, item.entry)),
        )
        for item in worst
    ]
    yield from table(rows, (Column("right"), Column(), Column(cut="middle", least=16)), screen, indent=4)


def _failed(overview: Overview, screen: Screen, top: int) -> Iterator[str]:
    if not overview.failed:
        return
    calls = sum(item.times for item in overview.failed)
    yield heading(
        "Failed calls", screen, f"{calls:,}, answered with {counted(overview, _tokens(overview.failed))} tokens"
    )
    rows: list[Row] = [
        (
            Cell(f"{item.times:,} {screen.glyphs.times}", Style.WARN if item.times > 1 else Style.QUIET),
            Cell(counted(overview, item.tokens), Style.STRONG),
            Cell(item.call.name or "?"),
            Cell(_what(overview, item.call)),
        )
        for item in overview.failed[:top]
    ]
    columns = (Column("right"), Column("right"), Column(cut="end", least=8), Column(cut="middle", least=16))
    yield from table(rows, columns, screen)
    yield from _more(len(overview.failed) - top, "call", screen)


def _tokens(failed: Iterable[Failed]) -> int:
    return sum(item.tokens for item in failed)


def _unused(overview: Overview, screen: Screen, top: int) -> Iterator[str]:
    if not overview.unused:
        return
    tokens = sum(tool.tokens for tool in overview.unused)
    paid = sum(tool.paid for tool in overview.unused)
    said = f"{counted(overview, tokens)} tokens in every request{f', {cents(paid)} so far' if paid else ''}"
    yield heading(f"{count(len(overview.unused), 'tool')} never called", screen, said)
    rows: list[Row] = [
        (Cell(counted(overview, tool.tokens), Style.STRONG), Cell(tool.name)) for tool in overview.unused[:top]
    ]
    yield from table(rows, (Column("right"), Column(cut="end")), screen)
    yield from _more(len(overview.unused) - top, "tool", screen)


def _skipped(skipped: tuple[Skipped, ...], screen: Screen) -> Iterator[str]:
    if skipped:
        yield heading("Not read", screen)
        for item in skipped:
            yield from paragraph(f"{item.path}: {item.reason}. {item.hint}", screen, hang=2)
