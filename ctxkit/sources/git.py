"""Git, asked about a repository nobody vouches for.

A repository can tell git to run programs: a file-system monitor, hooks, filters, a pager, a transport for objects that
are missing. An audit must be safe on a repository that was just downloaded, so all of these are turned off, git is
started by its absolute path (never one found in the audited directory), and every wait has an end.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess

SECONDS = 15.0
"""How long git may take for all answers together. (A FIFO named ``.gitignore`` makes it wait for ever.)"""

_KEPT = ("GIT_CONFIG_", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
_OFF = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=keep",
    "core.alternateRefsCommand=",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "maintenance.auto=false",
    "gc.auto=0",
    # A file edited within the tick of its clock, or given its old time again, differs in nothing else.
    "core.trustctime=true",
    "core.checkStat=default",
)
_CONFIG_BYTES = 1 << 20
_LEADS_TO_FILTERS = (b"filter", b"include")


class Repository(NamedTuple):
    """Where a repository is: ``top`` its work tree, ``directory`` its git directory, ``common`` the shared one."""

    top: str
    directory: str
    common: str


class GitError(Exception):
    """Git gave no answer; the message is its own last line, or says that it took too long."""


def find_repository(root: str) -> Repository | None:
    """The repository that ``root`` (absolute, no symlinks) lies in; None when there is none."""
    top = root
    while True:
        found = _git_directory(os.path.join(top, ".git"))
        if found is not None:
            return Repository(top, found, _common_directory(found))
        parent = os.path.dirname(top)
        if parent == top:
            return None
        top = parent


def looks_bare(directory: str) -> bool:
    """Whether ``directory`` itself is the inside of a repository."""
    inside = os.path.join
    return os.path.isfile(inside(directory, "HEAD")) and all(
        os.path.isdir(inside(directory, name)) for name in ("objects", "refs")
    )


def _git_directory(path: str) -> str | None:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return path if os.path.isfile(os.path.join(path, "HEAD")) else None
        if stat.S_ISREG(mode):
            with open(path, "rb") as file:
                text = file.read(8192)
            if text.startswith(b"gitdir:"):
                target = os.fsdecode(text[7:].strip())
                return os.path.normpath(os.path.join(os.path.dirname(path), target))
    except (OSError, ValueError):
        pass
    return None


def _common_directory(directory: str) -> str:
    """A linked work tree keeps its configuration in the main repository, which ``commondir`` names."""
    text = read_regular(os.path.join(directory, "commondir"), 8192)
    return os.path.normpath(os.path.join(directory, os.fsdecode(text.strip()))) if text else directory


def read_regular(path: str, limit: int) -> bytes | None:
    """Up to ``limit`` bytes of a regular file; None for anything else. Never waits for a FIFO."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def irregular(repository: Repository) -> str | None:
    """The first of git's own files that is not a regular file (git would wait for a FIFO); None when all are."""
    for directory, name in (
        (repository.directory, "HEAD"),
        (repository.directory, "index"),
        (repository.directory, "config.worktree"),
        (repository.common, "config"),
        (repository.common, "info/exclude"),
        (repository.common, "info/attributes"),
    ):
        path = os.path.join(directory, *name.split("/"))
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                return path
        except (OSError, ValueError):
            continue
    return None


class Git:
    """Starts git commands in one directory of a repository."""

    def __init__(self, repository: Repository, directory: str) -> None:
        """Raises GitError when there is no git program."""
        self.repository = repository
        self._directory = directory
        self._program = _program()
        self._options: list[str] = [word for setting in _OFF for word in ("-c", setting)]
        self._environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("GIT_") or name.startswith(_KEPT)
            },
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            # Beats protocol.*.allow of every configuration; a missing object may name a command that fetches it.
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_WORK_TREE": repository.top,
            "LC_ALL": "C",
        }
        self._deadline = time.monotonic() + SECONDS
        self._disarm()

    def _disarm(self) -> None:
        """Turn off the filters that the repository's own configuration defines."""
        texts = (
            read_regular(os.path.join(self.repository.common, "config"), _CONFIG_BYTES),
            read_regular(os.path.join(self.repository.directory, "config.worktree"), _CONFIG_BYTES),
        )
        if not any(text and _may_define_filters(text) for text in texts):
            return
        names = self.finish(self.start("config", "-z", "--name-only", "--get-regexp", r"^filter\."), allowed=(0, 1))
        for name in sorted({name.rpartition(b".")[0] for name in names.split(b"\0") if name}):
            for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")):
                self._set(f"{os.fsdecode(name)}.{key}", value)

    def _set(self, key: str, value: str) -> None:
        """Set a key for every command. By variable: ``-c`` would split a name that holds ``=`` in the wrong place."""
        given = self._environment.get("GIT_CONFIG_COUNT", "")
        count = int(given) if given.isdecimal() else 0
        self._environment[f"GIT_CONFIG_KEY_{count}"] = key
        self._environment[f"GIT_CONFIG_VALUE_{count}"] = value
        self._environment["GIT_CONFIG_COUNT"] = str(count + 1)

    def start(self, *arguments: str, errors: bool = False, asked: bool = False) -> subprocess.Popen[bytes]:
        """Start ``git <arguments>``; ``errors`` keeps what it says on stderr, ``asked`` opens its stdin.

        Raises GitError.
        """
        import subprocess

        command = [
            self._program,
            "-C",
            self._directory,
            "--no-pager",
            "--literal-pathspecs",
            *self._options,
            *arguments,
        ]
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if errors else subprocess.DEVNULL,
                env=self._environment,
            )
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be started ({error})") from error

    def finish(self, process: subprocess.Popen[bytes], allowed: tuple[int, ...] = (0,)) -> bytes:
        """What ``process`` writes. Raises GitError when it fails, was stopped, or did not end in time."""
        return self.finish_with_errors(process, allowed)[0]

    def finish_with_errors(
        self, process: subprocess.Popen[bytes], allowed: tuple[int, ...] = (0,)
    ) -> tuple[bytes, bytes]:
        """What ``process`` writes to stdout and stderr. Raises GitError like ``finish``."""
        import subprocess

        if process.returncode is not None:
            raise GitError("git would wait for a file that is not a regular one")
        try:
            output, errors = process.communicate(timeout=max(self._deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired as error:
            self.stop(process)
            raise GitError(f"git gave no answer within {SECONDS:.0f} seconds") from error
        if process.returncode not in allowed:
            lines = (errors or b"").decode("utf-8", "replace").strip().splitlines()
            raise GitError(lines[0] if lines else f"git ended with status {process.returncode}")
        return output, errors or b""

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End ``process`` and close its pipes; ``finish`` then raises."""
        process.kill()
        process.wait()
        stream: IO[bytes] | None
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was written to it has no reader any more
                    stream.close()


def _may_define_filters(config: bytes) -> bool:
    """Whether git must be asked: the words stand somewhere in it, or it is longer than what was read."""
    return len(config) >= _CONFIG_BYTES or any(word in config.lower() for word in _LEADS_TO_FILTERS)


def _program() -> str:
    """Git's absolute path. Directories of PATH that are relative are passed over: they depend on where we stand."""
    name = "git.exe" if os.name == "nt" else "git"
    for directory in os.get_exec_path():
        candidate = os.path.join(directory, name)
        if os.path.isabs(directory) and os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            return candidate
    raise GitError("there is no git program in PATH")
