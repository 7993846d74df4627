"""The line that a session is listed by."""

from __future__ import annotations

from ctxkit.sources.masking import printable
from ctxkit.text.pattern import on_demand
from ctxkit.text.secrets import without_secrets

_LONGEST = 120
_LOOKED_AT = 2_000
_COMMAND = on_demand(r"<command-name>([^<]*)</command-name>\s*(?:<command-args>([^<]*)</command-args>)?")


def title_of(text: str) -> str:
    """The first words of ``text``: one line that no terminal obeys, at most 120 characters; ``…`` where it is cut."""
    title = printable(beginning_of(text[:_LOOKED_AT]))
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…"


def beginning_of(text: str) -> str:
    """``text`` in one line, secrets masked; a slash command that a client wrote with tags as the user typed it."""
    command = _COMMAND().search(text) if text[:40].lstrip().startswith("<command-") else None
    return without_secrets(" ".join((f"{command[1]} {command[2] or ''}" if command else text).split()))
