"""The recorded sessions of a repository: where its agents keep them, and which of them were held there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.agents.settings import files_at
from ctxkit.agents.version import applies
from ctxkit.model import CtxkitError
from ctxkit.sources.history.formats import head_of, reader_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places
    from ctxkit.agents.spec import AgentSpec
    from ctxkit.sources.history.reader import Peek

_IN_PLACE = ("{root}", "{git_root}", "{cwd}", "{slug}", "{git_slug}")
"""Placeholders that make a path one of this repository alone."""


class Found(NamedTuple):
    """A session of the agent ``agent``; ``format`` is its reader's id."""

    agent: str
    format: str
    peek: Peek


def find_sessions(
    specs: Iterable[AgentSpec], places: Places, disk: Disk, progress: Callable[[int, int, str], None] | None = None
) -> list[Found]:
    """The sessions that ``specs`` have recorded in the repository, newest first, subagents' sessions included.

    A session belongs to it if it was held in its directory or below. Files that are no transcripts after all, or cannot
    be read, are recorded with ``disk.skip``.
    """
    places_of = [(spec, path, mine) for spec in specs for path, mine in _files(spec, places, disk)]
    found: list[Found] = []
    for at, (spec, path, mine) in enumerate(places_of):
        if progress is not None:
            progress(at, len(places_of), "Looking for sessions")
        for format_name, peek in glance(path, disk):
            if _belongs(peek, places, mine):
                found.append(Found(spec.id, format_name, peek))
    unique = {(item.peek.path, item.peek.key): item for item in reversed(found)}
    return sorted(unique.values(), key=lambda item: (-item.peek.ended, item.peek.path, item.peek.key))


def glance(path: str, disk: Disk | None = None) -> Iterator[tuple[str, Peek]]:
    """(format, session) of the sessions in the file ``path``.

    Raises CtxkitError where it is of no known format; with ``disk`` it is recorded there instead.
    """
    try:
        head = head_of(path)
        reader = reader_of(head)
        yield from ((reader.ID, peek) for peek in reader.peek(head))
    except CtxkitError as error:
        if disk is None:
            raise
        disk.skip(path, error.message.removeprefix(f"{path} ").rstrip("."), error.hint)


def _files(spec: AgentSpec, places: Places, disk: Disk) -> Iterator[tuple[str, bool]]:
    """The files that may be transcripts, and whether they lie where only sessions of this repository do."""
    names = places.names(spec)
    for transcript in spec.transcripts:
        if not applies(transcript, spec.latest):
            continue
        # A session that was begun in a directory below has that directory's slug.
        template = transcript.path.replace("{slug}", "{slug}*")
        mine = any(placeholder in transcript.path for placeholder in _IN_PLACE)
        own = os.sep + names["slug"] + os.sep
        for path in files_at(template, names, disk):
            if os.path.isfile(path):
                yield path, mine and (template == transcript.path or own in path)


def _belongs(peek: Peek, places: Places, in_place: bool) -> bool:
    if not peek.cwd:
        return in_place
    cwd = os.path.normcase(os.path.normpath(peek.cwd))
    for root in {places.root, os.path.realpath(places.root), places.git_root or places.root}:
        plain = os.path.normcase(root).rstrip(os.sep)
        if cwd == plain or cwd.startswith(f"{plain}{os.sep}"):
            return True
    return False
