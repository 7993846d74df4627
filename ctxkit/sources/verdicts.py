"""Answers of earlier runs, given again as long as nothing that they depend on has changed."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.sources.status import stamp
from ctxkit.sources.trace import MOST, RACY_NS, holds, program_files
from ctxkit.text.kept import keep, read_kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.sources.reading import Reading
    from ctxkit.sources.status import Stamp
    from ctxkit.sources.trace import Trace

_FOLDER = "verdicts"
_FORMAT = "ctxverdict1"
_ENVIRONMENT = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "PATH")
_PREFIXES = ("GIT_", "CTXKIT_")


class Answer(NamedTuple):
    """What a run says: its exit code, the lines for stderr, and the bytes of its result."""

    code: int
    notes: tuple[str, ...]
    output: bytes


def question(words: Sequence[str]) -> str:
    """A name for a question: ``words`` are all that it depends on besides files, without the environment."""
    environment = [f"{name}={os.environ[name]}" for name in sorted(os.environ) if name in _ENVIRONMENT]
    environment += [f"{name}={os.environ[name]}" for name in sorted(os.environ) if name.startswith(_PREFIXES)]
    said = _packed([_FORMAT, f"{sys.hexversion:x}", os.path.realpath(__file__), *words, *environment])
    return hashlib.sha256(said).hexdigest()


def recall(name: str, reading: Reading) -> Answer | None:
    """The answer to the question ``name``, if it is known and nothing has changed; None otherwise."""
    kept = read_kept(name, _FOLDER)
    if kept is None:
        return None
    code, git, notes, loose, *words = _unpacked(kept)
    behind_notes = int(notes)
    behind_loose = behind_notes + 2 * int(loose)
    if not all(holds(path, sign) for path, sign in _pairs(words[behind_loose:-1])):
        return None
    if reading.glance() != git:
        return None
    if not all(_loose(reading.root, path) == sign for path, sign in _pairs(words[behind_notes:behind_loose])):
        return None
    return Answer(int(code), tuple(words[:behind_notes]), words[-1].encode("utf-8", "surrogateescape"))


def remember(name: str, answer: Answer, reading: Reading, trace: Trace, started: int) -> bool:
    """Keep ``answer`` to the question ``name``; False where something in it may change without a trace.

    ``started``: when the run began, in nanoseconds.
    """
    worktree = reading.worktree
    git = reading.glance()
    if worktree is None or not git or b"\0" in answer.output:
        return False
    for path in program_files():
        trace.see(path)
    seen = trace.without(worktree)
    newest = max((max(sign[1:3]) for sign in worktree.stamps.values()), default=0)
    if not trace.settled or newest >= started - RACY_NS or len(seen) + len(worktree.stamps) > MOST:
        return False
    loose = [word for path, sign in worktree.stamps.items() for word in (path, _sign(sign))]
    places = [word for path, sign in seen.items() for word in (path, sign)]
    head = [str(answer.code), git, str(len(answer.notes)), str(len(loose) // 2)]
    text = answer.output.decode("utf-8", "surrogateescape")
    keep(name, _packed([*head, *answer.notes, *loose, *places, text]), _FOLDER)
    return True


def _loose(root: str, path: str) -> str:
    try:
        return _sign(stamp(os.lstat(os.path.join(root, path))))
    except OSError:
        return ""


def _sign(of: Stamp) -> str:
    return " ".join(map(str, of))


def _pairs(words: Sequence[str]) -> zip[tuple[str, str]]:
    return zip(words[::2], words[1::2], strict=True)


def _packed(words: Sequence[str]) -> bytes:
    return "\0".join(words).encode("utf-8", "surrogateescape")


def _unpacked(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\0")
