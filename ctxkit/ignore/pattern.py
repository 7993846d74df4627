"""One line of an ignore file as a regular expression over bytes.

The semantics are git's (``dir.c`` and ``wildmatch.c`` as of 2.39), oddities included, since an ignore file means
what git makes of it:

* Matching is on bytes, so ``?`` is one byte of a non-ASCII character.
* Only the part from the first wildcard on goes through the wildcard matcher. In ``foo**/bar`` that part begins with
  ``**``, which therefore crosses directories although it does not follow a slash.
* A class without end, an unknown ``[:name:]`` and a trailing backslash match nothing.
* With ``core.ignoreCase`` an escaped capital and a capital alone in a class match nothing, because only the path
  is put in lower case there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_GLOB = frozenset(b"*?[\\")
_BYTE = rb"[^/\x00]"
_NAME = rb"[^/\x00]*"
_ANYTHING = rb"[^\x00]*"
_DIRECTORIES = rb"(?:[^\x00]*/)?"
_SLASH, _STAR, _BACKSLASH = b"/*\\"

_CLASSES: dict[bytes, Callable[[int], bool]] = {
    b"alnum": lambda c: chr(c).isalnum(),
    b"alpha": lambda c: chr(c).isalpha(),
    b"blank": lambda c: c in b" \t",
    b"cntrl": lambda c: c < 32 or c == 127,
    b"digit": lambda c: 48 <= c <= 57,
    b"graph": lambda c: 33 <= c <= 126,
    b"lower": lambda c: 97 <= c <= 122,
    b"print": lambda c: 32 <= c <= 126,
    b"punct": lambda c: 33 <= c <= 126 and not chr(c).isalnum(),
    b"space": lambda c: c in b" \t\n\r",
    b"upper": lambda c: 65 <= c <= 90,
    b"xdigit": lambda c: c in b"0123456789abcdefABCDEF",
}


class Pattern(NamedTuple):
    """A parsed line: ``body`` without ``!`` and the slash at its end, as git keeps it."""

    body: bytes
    negated: bool
    directory_only: bool

    def __str__(self) -> str:
        text = self.body.decode("utf-8", "surrogateescape")
        return f"{'!' if self.negated else ''}{text}{'/' if self.directory_only else ''}"


def parse(line: bytes) -> Pattern | None:
    """The pattern of one line (no line feed in it); None for a comment or an empty line."""
    if not line or line.startswith(b"#"):
        return None
    if line.endswith(b"\r"):
        line = line[:-1]
    line = _without_trailing_spaces(line.split(b"\0", 1)[0])
    negated = line.startswith(b"!")
    body = line[1:] if negated else line
    if not body:
        return None
    directory_only = body.endswith(b"/")
    return Pattern(body[:-1] if directory_only else body, negated, directory_only)


def _without_trailing_spaces(line: bytes) -> bytes:
    """Spaces (not tabs) at the end go, unless a backslash stands before the first of them."""
    kept = line.rstrip(b" ")
    if kept == line or not kept.endswith(b"\\"):
        return kept
    backslashes = len(kept) - len(kept.rstrip(b"\\"))
    return line[: len(kept) + 1] if backslashes % 2 else kept


def to_regex(body: bytes, *, ignorecase: bool = False) -> bytes | None:
    """A regular expression for whole paths relative to the file's directory; None when nothing can match.

    It is meant for an engine that reads bytes as Latin-1, and never matches NUL, so that paths may stand NUL-separated
    in one text. With ``ignorecase`` the path must be given in lower case (ASCII only, as git does).
    """
    if _SLASH not in body:
        fragment = _body_regex(body, crossing=True, ignorecase=ignorecase)
        return None if fragment is None or not body else _DIRECTORIES + fragment
    anchored = body.removeprefix(b"/")
    return _body_regex(anchored, crossing=False, ignorecase=ignorecase) if anchored else None


def _body_regex(body: bytes, *, crossing: bool, ignorecase: bool) -> bytes | None:
    literal = next((at for at, byte in enumerate(body) if byte in _GLOB), len(body))
    rest = _wildcards(body[literal:], crossing, ignorecase)
    head = body[:literal].lower() if ignorecase else body[:literal]
    return None if rest is None else quoted(head) + rest


def _wildcards(text: bytes, crossing: bool, ignorecase: bool) -> bytes | None:
    """``crossing``: the pattern has no slash, so it meets names only and all stars are alike."""
    parts: list[bytes] = []
    at = 0
    while at < len(text):
        byte = text[at]
        if byte == _STAR:
            part, at = _stars(text, at, crossing)
        elif byte == ord("?"):
            part, at = _BYTE, at + 1
        elif byte == ord("["):
            members = _class(text, at, ignorecase)
            if members is None:
                return None
            part, at = _class_regex(members[0] - {_SLASH}), members[1]
            if not part:
                return None
        elif byte == _BACKSLASH:
            escaped = text[at + 1 : at + 2]
            if not escaped or (ignorecase and escaped.isupper()):
                return None
            part, at = quoted(escaped), at + 2
        else:
            part, at = quoted(text[at : at + 1].lower() if ignorecase else text[at : at + 1]), at + 1
        parts.append(part)
    return b"".join(parts)


def _stars(text: bytes, at: int, crossing: bool) -> tuple[bytes, int]:
    end = at
    while end < len(text) and text[end] == _STAR:
        end += 1
    if crossing or end - at == 1 or (at and text[at - 1] != _SLASH):
        return _NAME, end
    if end == len(text) or text[end : end + 2] == b"\\/":
        return _ANYTHING, end
    if text[end] == _SLASH:
        return _DIRECTORIES, end + 1
    return _NAME, end


def _class(text: bytes, start: int, ignorecase: bool) -> tuple[set[int], int] | None:
    """The bytes that ``[…]`` at ``start`` matches, and where it ends; None when it has no end or a bad name."""
    at = start + 1
    negated = text[at : at + 1] in (b"!", b"^") and at < len(text)
    at += negated
    members: set[int] = set()
    previous = 0
    first = True
    while True:
        if at >= len(text):
            return None
        byte = text[at]
        if byte == ord("]") and not first:
            break
        first = False
        if byte == _BACKSLASH:
            at += 1
            if at >= len(text):
                return None
            byte = text[at]
            members.add(byte)
        elif byte == ord("-") and previous and at + 1 < len(text) and text[at + 1] != ord("]"):
            at += 1
            if text[at] == _BACKSLASH:
                at += 1
                if at >= len(text):
                    return None
            span = set(range(previous, text[at] + 1))
            members |= span | ({c + 32 for c in span if 65 <= c <= 90} if ignorecase else set())
            byte = 0
        elif text[at : at + 2] == b"[:":
            close = text.find(b"]", at + 2)
            if close < 0:
                return None
            name = text[at + 2 : close - 1]
            if text[close - 1] == ord(":") and close - 1 >= at + 2:
                if name not in _CLASSES:
                    return None
                if name == b"upper" and ignorecase:
                    name = b"alpha"
                members |= {c for c in range(1, 128) if _CLASSES[name](c)}
                byte, at = 0, close
            else:
                members.add(byte)
        else:
            members.add(byte)
        previous = byte
        at += 1
    everything = set(range(1, 256))
    return (everything - members if negated else members & everything), at + 1


def _class_regex(members: set[int]) -> bytes:
    """A class of exactly these bytes; empty when there are none."""
    spans: list[list[int]] = []
    for byte in sorted(members):
        if spans and spans[-1][1] == byte - 1:
            spans[-1][1] = byte
        else:
            spans.append([byte, byte])
    return b"[" + b"".join(b"\\x%02x-\\x%02x" % (low, high) for low, high in spans) + b"]" if spans else b""


def quoted(literal: bytes) -> bytes:
    """A regular expression for exactly these bytes."""
    return b"".join(
        bytes((byte,)) if (chr(byte).isalnum() and byte < 128) or byte in b"/_-" else b"\\x%02x" % byte
        for byte in literal
    )
