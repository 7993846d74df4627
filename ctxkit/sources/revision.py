"""The files of a repository at a revision, read without touching its work tree.

Names come from ``git ls-tree``. Links are laid out in a folder of our own; of files only those whose content somebody
asks for, byte for byte as git has stored them: no filter, no hook and no conversion runs. What git does not keep counts
as it is now at every revision: submodules, and files that git ignores (``CLAUDE.local.md``, local settings).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ctxkit.agents.disk import READ_LIMIT, Disk, slash
from ctxkit.model import CtxkitError, Skipped
from ctxkit.sources.blobs import Blobs
from ctxkit.sources.git import Git, GitError, Repository, read_regular
from ctxkit.sources.ignored import ignores_case
from ctxkit.sources.listing import CLEAN, SUBMODULE, SYMLINK, Listing
from ctxkit.sources.worktree import ATTRIBUTES, Worktree
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctxkit.sources.counts import Cache

_RECORD = on_demand(r"(\d+) \w+ ([0-9a-f]+)\t([^\0]+)\0", re.DOTALL)
_KINDS = {"120000": SYMLINK, "160000": SUBMODULE}
_UNSAFE = on_demand(r"(?:^|/)(?:\.{0,2}|\.git|git~\d+)(?:/|$)", re.IGNORECASE)
_FORBIDDEN = frozenset('\\:*?"<>|') if os.name == "nt" else frozenset()
_LINK_BYTES = 4_096
_PATH_CHARACTERS = 4_000
_PATH_PARTS = 500
"""What no system has room for (Linux takes 4,095 bytes), and what Python's own functions cannot climb down."""
_HOPS = 8


def tree_of(git: Git, revision: str) -> str | None:
    """The id of the tree that ``revision`` names; None where it names none."""
    process = git.start("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
    try:
        return git.finish(process).decode().strip() or None
    except GitError:
        return None


def merge_base(git: Git, one: str, other: str) -> str | None:
    """The commit that two revisions have in common; None where there is none here."""
    try:
        commits = [
            git.finish(git.start("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"))
            for name in (one, other)
        ]
        return git.finish(git.start("merge-base", *(commit.decode().strip() for commit in commits))).decode().strip()
    except GitError:
        return None


class Revision:
    """The tree ``tree`` of ``repository``; ``folder`` (empty, ours alone) gets what has to lie somewhere to be read."""

    def __init__(self, repository: Repository, git: Git, tree: str, folder: str) -> None:
        """Raises CtxkitError where git does not tell what the tree holds."""
        self.top = repository.top
        self.folder = os.path.realpath(folder)
        self.skipped: list[Skipped] = []
        self._blobs = Blobs(git)
        self._filled: set[str] = set()
        self._plain: set[str] = set()
        try:
            listed = git.start("ls-tree", "-r", "-z", "--full-tree", tree)
            local = git.start("ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory", "--full-name")
            text = git.finish(listed).decode("utf-8", "surrogateescape")
            ignored = git.finish(local).decode("utf-8", "surrogateescape")
        except GitError as error:
            raise CtxkitError(f"git does not tell what {tree} holds ({error}).", "git status says more.") from error
        self.files: dict[str, tuple[int, str]] = {}
        for mode, identity, path in _RECORD().findall(text):
            if _is_safe(path):
                self.files[path] = (_KINDS.get(mode, CLEAN), identity)
            else:
                self.skipped.append(Skipped(path, "a name that no work tree may hold", "remove it from the repository"))
        self.directories: dict[str, dict[str, bool]] = {"": {}}
        for path, (kind, _) in self.files.items():
            self._enter(path, kind == SUBMODULE)
        for path in sorted(self.files.keys() & self.directories.keys()):  # a link would lead what lies below it astray
            del self.files[path]
            self._enter(path, True)
            self.skipped.append(Skipped(path, "a file and a directory at once", "remove one from the repository"))
        self._local: set[str] = set()
        for path in ignored.split("\0")[:-1]:
            name = path.rstrip("/")
            if _is_safe(name) and name not in self.files and name not in self.directories:
                self._local.add(name)
                self._enter(name, path.endswith("/"))
        self._lay_out(repository)

    def _enter(self, path: str, is_directory: bool) -> None:
        """Make ``path`` known to the directories above it."""
        while True:
            parent, _, name = path.rpartition("/")
            known = parent in self.directories
            self.directories.setdefault(parent, {})[name] = is_directory
            if known or not parent:
                return
            path, is_directory = parent, True

    def _lay_out(self, repository: Repository) -> None:
        """Links, and as much of a git directory as says what is ignored."""
        git = os.path.join(self.folder, ".git")
        os.makedirs(os.path.join(git, "info"))
        case = str(ignores_case(repository)).lower()
        for name, data in (
            ("HEAD", b"ref: refs/heads/none\n"),
            ("config", f"[core]\n\tignorecase = {case}\n".encode()),
            ("info/exclude", read_regular(os.path.join(repository.common, "info", "exclude"), READ_LIMIT) or b""),
        ):
            with open(os.path.join(git, *name.split("/")), "wb") as file:
                file.write(data)
        for path, (kind, identity) in self.files.items():
            if kind == SYMLINK:
                self._link(path, identity)
            elif kind == SUBMODULE:
                self.skipped.append(Skipped(path, "a submodule: its files count as they are now", ""))

    def _link(self, path: str, identity: str) -> None:
        """Lay out a link; one that leads out of the tree leads to where it leads from the real work tree."""
        place = os.path.join(self.folder, *path.split("/"))
        try:
            target = os.fsdecode(b"".join(self._blobs.chunks(identity))[:_LINK_BYTES])
            above = os.path.normpath(os.path.join(os.path.dirname(path), target))
            if not os.path.isabs(target) and above.split(os.sep)[0] == os.pardir:
                target = os.path.normpath(os.path.join(self.top, above))
            self._make_room(place)
            os.symlink(target, place)
        except (GitError, OSError, ValueError) as error:
            self.skipped.append(Skipped(path, f"a link that cannot be made here ({error})", "mend or remove the link"))

    def place(self, path: str) -> str:
        """Where what is at ``path`` (absolute, links and all) at this revision is to be read."""
        for _ in range(_HOPS):
            inside = self._inside(path)
            if inside is None or self._is_local(inside):
                return path
            found = os.path.realpath(os.path.join(self.folder, inside))
            if found != self.folder and not found.startswith(slash(self.folder)):
                path = found
                continue
            inside = os.path.relpath(found, self.folder).replace(os.sep, "/")
            if self._is_local(inside):
                return os.path.join(self.top, *inside.split("/"))
            self.fill(inside)
            return found
        return path

    def real(self, path: str) -> str:
        """``path`` without links, spelled as in the real work tree."""
        place = self.place(path)
        if place == self.folder or place.startswith(slash(self.folder)):
            return os.path.join(self.top, os.path.relpath(place, self.folder)).removesuffix(f"{os.sep}.")
        return os.path.realpath(place)

    def is_link(self, path: str) -> bool:
        """Is ``path`` itself a link?"""
        inside = self._inside(path)
        if inside is None or self._is_local(inside):
            return os.path.islink(path)
        parent = self.place(os.path.dirname(path))
        return os.path.islink(os.path.join(parent, os.path.basename(path)))

    def names(self, path: str) -> dict[str, bool] | None:
        """Name → is it a directory, of what the directory ``path`` holds; None where the disk has to be asked."""
        place = self.place(path)
        if place != self.folder and not place.startswith(slash(self.folder)):
            return None
        inside = os.path.relpath(place, self.folder).replace(os.sep, "/")
        inside = "" if inside == "." else inside
        names = dict(self.directories.get(inside, {}))
        for name in names:
            child = f"{inside}/{name}" if inside else name
            if self.files.get(child, (CLEAN, ""))[0] == SYMLINK:
                names[name] = self._is_directory(os.path.join(place, name))
        return names

    def _is_directory(self, link: str) -> bool:
        found = self.place(os.path.realpath(link))
        if found.startswith(slash(self.folder)):
            return os.path.relpath(found, self.folder).replace(os.sep, "/") in self.directories
        return found == self.folder or os.path.isdir(found)

    def _inside(self, path: str) -> str | None:
        """``path`` relative to the top of the tree; None where it lies elsewhere."""
        for base in (self.top, self.folder):
            if path == base:
                return ""
            if path.startswith(slash(base)):
                return path[len(slash(base)) :].replace(os.sep, "/")
        return None

    def _is_local(self, inside: str) -> bool:
        """Is it, or does it lie in, what git does not keep: an ignored file or directory, a submodule?"""
        while inside:
            if inside in self._local or self.files.get(inside, (CLEAN, ""))[0] == SUBMODULE:
                return True
            inside = inside.rpartition("/")[0]
        return False

    def fill(self, path: str) -> None:
        """Write the file ``path`` of the tree into the folder, once; what is no file there is passed over."""
        kind, identity = self.files.get(path, (SYMLINK, ""))
        if kind != CLEAN or path in self._filled:
            return
        self._filled.add(path)
        place = os.path.join(self.folder, *path.split("/"))
        try:
            self._make_room(place)
            with open(place, "xb") as file:
                file.writelines(self._blobs.chunks(identity))
        except GitError as error:
            os.unlink(place)
            self.skipped.append(Skipped(path, f"cannot be read at this revision: {error}", "fetch the whole history"))
        except (OSError, ValueError) as error:
            self.skipped.append(Skipped(path, f"cannot be written to look at it ({error})", "make room in TMPDIR"))

    def _make_room(self, place: str) -> None:
        """Make the directory of ``place``. Raises ValueError where a link of the tree leads out of the folder there.

        Names that differ in case alone are one where the file system takes them for one.
        """
        parent = os.path.dirname(place)
        if parent not in self._plain:
            if os.path.realpath(parent) != parent:
                raise ValueError("a link lies above it")
            os.makedirs(parent, exist_ok=True)
            self._plain.add(parent)

    def close(self) -> None:
        """End what git is doing."""
        self._blobs.close()


def _is_safe(path: str) -> bool:
    """Can ``path`` be the path of a file in a work tree, on this system, without leading out of it?"""
    if len(path) > _PATH_CHARACTERS or path.count("/") >= _PATH_PARTS:
        return False
    return _UNSAFE().search(path) is None and not (_FORBIDDEN and _FORBIDDEN & set(path))


def _may_say_what_is_ignored(path: str) -> bool:
    name = path[path.rfind("/") + 1 :].lower()
    return name.startswith(".") or "ignore" in name or "exclude" in name


class RevisionReading:
    """A work tree being read, as :class:`ctxkit.sources.reading.Reading` is, but of a revision.

    ``prefix``: the audited directory below the top of the repository, posix, empty for the top itself.
    """

    def __init__(self, revision: Revision, prefix: str) -> None:
        self._revision = revision
        self._prefix = prefix

    def finish(self, *, cache: Cache, progress: Callable[[int, int, str], None] | None = None) -> Worktree:
        """The files below the prefix, as if they lay in the folder; those that must be read to be counted do."""
        revision = self._revision
        root = os.path.join(revision.folder, *self._prefix.split("/")) if self._prefix else revision.folder
        start = f"{self._prefix}/" if self._prefix else ""
        paths = sorted(path[len(start) :] for path in revision.files if path.startswith(start))
        rows = [revision.files[start + path] for path in paths]
        ids = bytes.fromhex("".join([identity for _, identity in rows]))
        listing = Listing(paths, bytes([kind for kind, _ in rows]), ids, len(ids) // len(paths) if paths else 20)
        listing.attributes = [path for path in paths if path.endswith(ATTRIBUTES)]
        for path in revision.files:
            if _may_say_what_is_ignored(path):
                revision.place(os.path.join(revision.folder, *path.split("/")))
        worktree = Worktree(root, revision.folder, listing, {}, {}, ())
        unread = list(self._uncounted(worktree, listing, cache))
        for at, path in enumerate(unread):
            revision.fill(start + path)
            if progress is not None:
                progress(at, len(unread), "Reading the revision")
        worktree.skipped = tuple(revision.skipped)
        return worktree

    def close(self) -> None:
        """End what git is doing."""
        self._revision.close()

    def _uncounted(self, worktree: Worktree, listing: Listing, cache: Cache) -> Iterator[str]:
        from ctxkit.sources.classify import fingerprint
        from ctxkit.sources.counts import uncounted
        from ctxkit.sources.files import declarations

        blobs = {listing.blob(row) for row, state in enumerate(listing.states) if state == CLEAN}
        missing = uncounted(blobs, cache, "o200k_base", fingerprint(declarations(worktree)))
        for row, path in enumerate(listing.paths):
            if listing.states[row] == CLEAN and listing.blob(row) in missing:
                yield path


class RevisionDisk(Disk):
    """The disk as an agent would have seen it at a revision: below the repository's top that one's files."""

    def __init__(self, revision: Revision, root: str, home: str, git_root: str | None) -> None:
        super().__init__(root, home, git_root)
        self._revision = revision

    def place(self, path: str) -> str:
        """Where ``path`` is to be read."""
        return self._revision.place(path)

    def real(self, path: str) -> str:
        """``path`` with all links resolved, those of the revision."""
        return self._revision.real(path)

    def is_link(self, path: str) -> bool:
        """Was ``path`` itself a link?"""
        return self._revision.is_link(path)

    def _entries(self, directory: str) -> dict[str, bool]:
        names = self._revision.names(directory)
        return super()._entries(directory) if names is None else names
