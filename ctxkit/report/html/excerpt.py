"""The text that a finding is about: the lines around it, what would go struck through, secrets hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.report.figures import count
from ctxkit.report.html.markup import Markup, element, joined, plain
from ctxkit.sources.masking import is_random
from ctxkit.text.pattern import on_demand
from ctxkit.text.secrets import MASK, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.model import Span

CONTEXT = 2
"""Lines that are shown before and behind."""
_HEAD, _TAIL = 8, 3
"""Lines that are shown of a long span, from its beginning and from its end."""
_WIDEST = 240
"""Characters of a line that are shown."""
_AROUND = 100
"""Characters that are shown before what is marked where a line is wider than that."""
_UNREADABLE = 20_000
"""A line of more characters is described and not shown: no one can read it, and masking it would take long."""
_RANDOM = 24
"""So many characters of letters and digits in no order may be a secret."""
_WORD = on_demand(r"\S+")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file. ``line``: the number of the first place marked in it; ``html``: the lines."""

    line: int
    html: Markup


def excerpt(data: bytes, spans: Sequence[Span], cut: bool, hide: bool = False) -> Excerpt | None:
    """The lines of the file ``data`` that ``spans`` (in order) lie in, and those next to them; None for no text there.

    ``cut``: the spans would be removed, and are struck through; else they are highlighted. ``hide``: they are secrets.
    """
    spans = [span for span in spans if 0 <= span.start < min(span.end, len(data))]
    if not spans:
        return None
    first = data.count(b"\n", 0, spans[0].start)
    start = _back(data, spans[0].start, CONTEXT)
    end = _forth(data, spans[-1].end, CONTEXT)
    number = first + 1 - data.count(b"\n", start, spans[0].start)
    marks = [(span.start, span.end) for span in spans]
    lines = list(_lines(data, start, end, number))
    left = len(lines) - _HEAD - _TAIL - 2 * CONTEXT
    parts = [lines] if left < 2 else [lines[: _HEAD + CONTEXT], lines[-_TAIL - CONTEXT :]]
    shown = [[_row(line, marks, cut, hide) for line in part] for part in parts]
    gap = element("span", f"{count(left, 'line')} not shown here", class_="gap") if len(shown) > 1 else ""
    code = element("code", shown[0], gap, shown[1:])
    return Excerpt(first + 1, element("pre", code, class_="cut" if cut else "mark", tabindex="0"))


class _Line(NamedTuple):
    """A line: its number, the byte it starts at, and its bytes without the end of the line."""

    number: int
    start: int
    raw: bytes


def _lines(data: bytes, start: int, end: int, number: int) -> Iterator[_Line]:
    for raw in data[start:end].split(b"\n"):
        yield _Line(number, start, raw)
        start, number = start + len(raw) + 1, number + 1


def _back(data: bytes, at: int, lines: int) -> int:
    """Where the line starts that is ``lines`` before the one of ``at``."""
    start = data.rfind(b"\n", 0, at)
    while start >= 0 and lines:
        start = data.rfind(b"\n", 0, start)
        lines -= 1
    return start + 1


def _forth(data: bytes, at: int, lines: int) -> int:
    """Where the line ends that is ``lines`` behind the one of the byte before ``at``."""
    end = data.find(b"\n", at - 1)
    while end >= 0 and lines:
        end = data.find(b"\n", end + 1)
        lines -= 1
    return len(data.removesuffix(b"\n")) if end < 0 else end


def _row(line: _Line, marks: Sequence[tuple[int, int]], cut: bool, hide: bool) -> Markup:
    start, stop = line.start, line.start + len(line.raw)
    inside = [(max(a, start) - start, min(b, stop) - start) for a, b in marks if a <= stop and b > start]
    gone = cut and any(a <= start and b >= stop for a, b in marks)
    return element(
        "span",
        element("span", f"{line.number:>5} ", class_="no", aria_hidden="true"),
        element("span", "-" if cut and inside else " ", class_="sign", aria_hidden="true"),
        _line(line.raw, [(a, b) for a, b in inside if a < b], "del" if cut else "mark", hide),
        Markup("\n"),
        class_="row gone" if gone else "row",
    )


def _line(raw: bytes, marks: Sequence[tuple[int, int]], tag: str, hide: bool) -> Markup:
    if len(raw) > _UNREADABLE:
        said = f"a line of {len(raw):,} bytes"
        return element(tag, said, class_="said") if marks else element("span", said, class_="said")
    text = raw.decode("utf-8", "surrogateescape")
    if not raw.isascii():
        marks = [(_characters(raw, a), _characters(raw, b)) for a, b in marks]
    classes = bytearray(len(text))
    for a, b in marks:
        classes[a:b] = b"\1" * (min(b, len(text)) - a)
        if hide:
            classes[a:b] = b"\3" * (min(b, len(text)) - a)
    for a, b in _secrets(text):
        for at in range(a, b):
            classes[at] |= 2
    first = max(0, marks[0][0] - _AROUND) if marks and len(text) > _WIDEST else 0
    last = min(len(text), first + _WIDEST)
    return joined(
        [
            "…" if first else "",
            (_piece(text[a:b], classes[a], tag) for a, b in _runs(classes, first, last)),
            "…" if last < len(text) else "",
        ]
    )


def _characters(raw: bytes, at: int) -> int:
    return len(raw[:at].decode("utf-8", "surrogateescape"))


def _runs(classes: bytearray, first: int, last: int) -> Iterator[tuple[int, int]]:
    while first < last:
        end = first + 1
        while end < last and classes[end] == classes[first]:
            end += 1
        yield first, end
        first = end


def _piece(text: str, kind: int, tag: str) -> Markup:
    said = MASK if kind & 2 else "\t".join(plain(part, _WIDEST) for part in text.removesuffix("\r").split("\t"))
    marked = Markup(Markup("\t").join(map(joined, said.split("\t"))))
    if not kind & 1:
        return marked
    # An indent with a line through it looks like text; blanks are marked only where nothing else is.
    inner = Markup(marked.lstrip(" \t"))
    return joined([Markup(marked[: len(marked) - len(inner)]), element(tag, inner)]) if inner else element(tag, marked)


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    """The words of a line that may be secrets: masking leaves the number of words as it is, and changes these."""
    words = list(_WORD().finditer(text))
    masked = without_secrets(text).split()
    if len(words) != len(masked):
        yield 0, len(text)
        return
    for word, after in zip(words, masked, strict=True):
        if word.group() != after or (len(after) >= _RANDOM and any(map(is_random, after.split("/")))):
            yield word.span()
