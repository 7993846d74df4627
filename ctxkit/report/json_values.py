"""The values that several JSON reports share: counts, spans, what could not be read, texts that any encoder takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from ctxkit.report.summary import UNCOUNTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.model import Skipped, Span, Tokens


class TokensOut(Struct, frozen=True, kw_only=True):
    """A token count. ``error`` stands where ``exact`` is false: the relative half-width of the estimate.

    ``at_least`` is true of a sum to which something belongs that nobody has counted: an agent's own prompt and tools,
    or a server whose definitions are unknown.
    """

    at_least: bool | UnsetType = UNSET
    by: str
    error: float | UnsetType = UNSET
    exact: bool
    n: int


class SpanOut(Struct, frozen=True, kw_only=True):
    """Half-open range of byte offsets in the file."""

    end: int
    start: int


class SkippedOut(Struct, frozen=True, kw_only=True):
    """Something that could not be read, why, and what to do about it."""

    hint: str
    path: str
    reason: str


def utf8(text: str) -> str:
    """``text`` with undecodable bytes written as escapes, so that every encoder takes it."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def tokens_out(tokens: Tokens) -> TokensOut:
    """A count, and how it was made."""
    if tokens.by == UNCOUNTED:
        return TokensOut(at_least=True, by=utf8(tokens.by), exact=False, n=tokens.n)
    error = UNSET if tokens.exact else tokens.error
    return TokensOut(by=utf8(tokens.by), error=error, exact=tokens.exact, n=tokens.n)


def span_out(span: Span | None) -> SpanOut | None:
    """A span; None for none."""
    return None if span is None else SpanOut(end=span.end, start=span.start)


def skipped_out(skipped: Iterable[Skipped]) -> tuple[SkippedOut, ...]:
    """What could not be read, as the reports have it."""
    return tuple(SkippedOut(hint=utf8(s.hint), path=utf8(s.path), reason=utf8(s.reason)) for s in skipped)
