"""What a run looks at, written down so that a later run can tell in a moment whether anything of it has changed.

Git answers for the work tree. Everything else (ignored and absent files, directories that were listed, git's own
settings, the program itself) is known by what ``lstat`` says of it. What was changed so shortly before it was read that
a second change could look the same is not believed.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import TYPE_CHECKING

from ctxkit.sources.status import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from ctxkit.sources.worktree import Worktree

RACY_NS = 2_000_000_000
"""A file changed so shortly before it was read may change again within the same tick of its clock."""

MOST = 20_000
"""Places of one trace; a run that looked at more is not remembered."""

_ABSENT = "absent"


class Trace:
    """The places that a run looks at.

    ``settled``: none of them changed just before it was looked at. ``newest``: when the last of them changed, in
    nanoseconds since the epoch.
    """

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}
        self.settled = True
        self.newest = 0
        self._passed_over: tuple[str, ...] = ()

    def see(self, path: str) -> None:
        """Note how ``path`` (absolute) is now, before it is read; what was noted first counts."""
        if path not in self.seen:
            sign, changed = _sign(path)
            self.seen[path] = sign
            self.newest = max(self.newest, changed)
            self.settled = self.settled and changed < time.time_ns() - RACY_NS

    def see_real(self, path: str) -> None:
        """Note where ``path`` leads to, links in its directories included."""
        self.seen.setdefault(_REAL + path, os.path.realpath(path))

    def listen(self, root: str, folders: Iterable[str]) -> None:
        """From now on note every file that Python opens and directory that it lists, but not those in ``folders``.

        So nothing that a run reads can be forgotten, whichever module reads it. Python's own library is passed over
        too; :func:`program_files` stands for what else it loads. A folder in which the work tree ``root`` lies is not
        passed over. Ends with :meth:`close`.
        """
        library = os.path.dirname(os.__file__)
        passed_over = [os.path.join(os.path.realpath(folder), "") for folder in (library, *folders)]
        place = os.path.join(os.path.realpath(root), "")
        self._passed_over = tuple(folder for folder in passed_over if not place.startswith(folder))
        if not _hooked:
            sys.addaudithook(_hear)  # for ever: Python takes no hook back
            _hooked.append(True)
        _listening.append(self)

    def hear(self, path: str) -> None:
        """Note that ``path`` is opened or listed."""
        if not path.startswith(self._passed_over):
            self.see(path)

    def close(self) -> None:
        """Note nothing more of what is opened."""
        if self in _listening:
            _listening.remove(self)

    def without(self, worktree: Worktree) -> dict[str, str]:
        """What was seen, without the files that git answers for: those that do not differ from its index."""
        from ctxkit.sources.listing import CLEAN, FILTERED

        start = os.path.join(worktree.root, "")
        states = dict(zip(worktree.paths, worktree.states, strict=True))
        return {
            path: sign
            for path, sign in self.seen.items()
            if not path.startswith(start)
            or states.get(path[len(start) :].replace(os.sep, "/")) not in (CLEAN, FILTERED)
        }


_EVENTS = frozenset({"open", "os.scandir", "os.listdir"})
_listening: list[Trace] = []
_hooked: list[bool] = []
_REAL = "real:"


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _listening or event not in _EVENTS:
        return
    path = arguments[0]
    if isinstance(path, bytes | os.PathLike):
        path = os.fsdecode(path)
    if isinstance(path, str):
        for trace in tuple(_listening):
            trace.hear(os.path.abspath(path))


def holds(path: str, sign: str) -> bool:
    """Is ``path``, as :attr:`Trace.seen` names it, as it was?"""
    if path.startswith(_REAL):
        return os.path.realpath(path[len(_REAL) :]) == sign
    return _sign(path)[0] == sign


def program_files() -> list[str]:
    """The files that ctxkit itself is: its modules that are loaded, its data, and where what it is built on lies."""
    from ctxkit.data import rules_root

    found = [
        module.__file__
        for name, module in sorted(sys.modules.items())
        if name.partition(".")[0] == "ctxkit" and getattr(module, "__file__", None)
    ]
    for folder, _, names in sorted(os.walk(rules_root())):
        found += [os.path.join(folder, name) for name in sorted(names)]
    found += {os.path.dirname(os.path.dirname(module.__file__ or "")) for module in _built_on()}
    return [path for path in found if path]


def _built_on() -> list[ModuleType]:
    """Loaded packages of others; that one was installed or replaced shows in the folder that it lies in."""
    return [sys.modules[name] for name in ("msgspec", "tiktoken", "re2", "yaml") if name in sys.modules]


def _sign(path: str) -> tuple[str, int]:
    """What tells one state of ``path`` from another, and when it last changed, in nanoseconds."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return _ABSENT, 0
    if not stat.S_ISLNK(status.st_mode):
        return _shown(status), _changed(status)
    real = os.path.realpath(path)
    try:
        target = os.stat(path)
    except (OSError, ValueError):
        return f"{_shown(status)} {real}", _changed(status)
    return f"{_shown(status)} {real} {_shown(target)}", max(_changed(status), _changed(target))


def _shown(status: os.stat_result) -> str:
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        return f"{stat.S_IFMT(status.st_mode):o}"
    return f"{status.st_mode:o} {' '.join(map(str, stamp(status)))}"


def _changed(status: os.stat_result) -> int:
    is_file = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)
    return max(status.st_mtime_ns, status.st_ctime_ns) if is_file else 0
