"""Answers of earlier runs, given again as long as nothing that they depend on has changed.

Git answers for the files that do not differ from its index; everything else that a run looked at is held against what
``lstat`` said of it then.
"""

from __future__ import annotations

import os
import sys
import zlib
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.trace import MOST, RACY_NS, Trace, holds, program_files
from ctxkit.text.kept import keep, read_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.sources.worktree import Worktree

_FOLDER = "verdicts"
_FORMAT = "ctxverdict2"
_ENVIRONMENT = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "PATH", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES")
_PREFIXES = ("GIT_CONFIG", "CTXKIT_")


class Answer(NamedTuple):
    """What a run says: its exit code, the lines for stderr, and the bytes of its result."""

    code: int
    notes: tuple[str, ...]
    output: bytes


def question(words: Sequence[str]) -> str:
    """All that an answer depends on besides files: ``words``, and what of the environment counts."""
    environment = [
        f"{name}={os.environ[name]}"
        for name in sorted(os.environ)
        if name in _ENVIRONMENT or name.startswith(_PREFIXES)
    ]
    program = [_FORMAT, sys.version, sys.executable, sys.getfilesystemencoding(), os.path.realpath(__file__)]
    return _joined([*program, *words, *environment])


def recall(question: str, state: Callable[[], bytes]) -> Answer | None:
    """The answer to ``question``, if it is known and nothing has changed; None otherwise.

    ``state``: :meth:`ctxkit.sources.glance.Glance.state`, asked last, because it may have to wait for git.
    """
    kept = read_kept(_name(question), _FOLDER)
    if kept is None:
        return None
    asked, git, code, notes, places, output = _parts(kept)
    if asked.decode("utf-8", "surrogateescape") != question:
        return None
    words = places.decode("utf-8", "surrogateescape").split("\0")
    if not all(holds(path, sign) for path, sign in zip(words[::2], words[1::2], strict=False)):
        return None
    if not git or state() != git:
        return None
    told = notes.decode("utf-8", "surrogateescape")
    return Answer(int(code), tuple(told.split("\0")) if told else (), output)


def remember(question: str, answer: Answer, worktree: Worktree, state: bytes, trace: Trace, started: int) -> bool:
    """Keep ``answer`` to ``question``; False where something that it depends on may change without a trace.

    ``state`` as in :func:`recall`, of the reading that gave ``worktree``; ``started``: when the run began, in
    nanoseconds since the epoch.
    """
    if not state:
        return False
    for path in (*loose(worktree), *program_files()):
        trace.see(path)
    seen = trace.without(worktree)
    if not trace.settled or trace.newest >= started - RACY_NS or len(seen) > MOST:
        return False
    places = [word for path, sign in seen.items() for word in (path, sign)]
    words = (question, state, str(answer.code), "\0".join(answer.notes), "\0".join(places), answer.output)
    parts = [word if isinstance(word, bytes) else word.encode("utf-8", "surrogateescape") for word in words]
    keep(_name(question), b"".join(b"%d:%b" % (len(part), part) for part in parts), _FOLDER)
    return True


def loose(worktree: Worktree) -> list[str]:
    """The files (absolute paths) of ``worktree`` that git does not answer for: it differs, or does not know them."""
    from ctxkit.sources.listing import CHANGED, SUBMODULE, UNTRACKED

    states = (CHANGED, UNTRACKED, SUBMODULE)
    named = zip(worktree.paths, worktree.states, strict=True)
    return [os.path.join(worktree.root, *path.split("/")) for path, state in named if state in states]


def _name(question: str) -> str:
    """The name that an answer is kept under; two questions may share one, so the whole question stands with it."""
    data = question.encode("utf-8", "surrogateescape")
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


def _joined(words: Sequence[str]) -> str:
    return "".join(f"{len(word)}:{word}" for word in words)


def _parts(data: bytes) -> list[bytes]:
    found = []
    at = 0
    while at < len(data):
        colon = data.index(b":", at)
        end = colon + 1 + int(data[at:colon])
        found.append(data[colon + 1 : end])
        at = end
    return found
