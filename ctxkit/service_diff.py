"""What a branch adds to agents' windows, or takes from them: two audits of one repository, compared."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctxkit.model import NO_TOKENS, Category, CtxkitError, NothingToAuditError, UnknownNameError
from ctxkit.model.diff import AgentDiff, Change, Diff, FileChange, ItemChange
from ctxkit.policy import setup_of
from ctxkit.service import AuditRequest, Where, audit_at, chosen, located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ctxkit.agents.disk import Disk
    from ctxkit.model import Segment, Tokens
    from ctxkit.model.audit import AgentAudit, Audit, Inventory
    from ctxkit.model.finding import Finding
    from ctxkit.service import Progress
    from ctxkit.sources.git import Git, Repository
    from ctxkit.sources.reading import Reading
    from ctxkit.sources.revision import RevisionReading

WORK_TREE = ""
"""What stands for the work tree where a revision is asked for."""


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What to compare: two revisions as git names them, ``head`` empty for the work tree.

    ``base`` may be ``A...B``: what B has since it left A; without B, the work tree. ``path``, ``agents``, ``home`` and
    ``model`` as in an audit.
    """

    base: str
    head: str = WORK_TREE
    path: str = "."
    agents: tuple[str, ...] = ()
    home: str | None = None
    model: str | None = None
    findings: bool = True


def diff(request: DiffRequest, progress: Progress | None = None) -> Diff:
    """What changed from base to head, for every agent that either is set up for. Nothing is written but caches.

    Raises CtxkitError for a directory that lies in no repository or that git cannot read, UnknownNameError for a
    revision, agent or model that there is not, NothingToAuditError where neither side is set up for an agent.
    """
    import tempfile

    from ctxkit.sources.git import GitError, find_repository, irregular

    where = located(request.path, None, request.home)
    root = os.path.realpath(where.root)
    where = where._replace(root=root, cwd=root)
    repository = find_repository(root)
    if repository is None or irregular(repository) is not None:
        raise CtxkitError(f"{request.path} lies in no git repository.", "Name a directory of a repository.")
    with contextlib.ExitStack() as stack:
        # Windows keeps what a process still holds open: the reading is closed before the folder goes.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ctxkit-diff-", ignore_cleanup_errors=True))
        try:
            base, head = _revisions(request, repository)
            sides = [
                stack.enter_context(_Side(name, tree, where, repository, os.path.join(folder, side)))
                for name, tree, side in ((*base, "base"), (*head, "head"))
            ]
        except GitError as error:
            raise CtxkitError(f"git cannot be used here: {error}.", "git status in it says more.") from error
        setup = setup_of(where.root)
        agents = _agents(request.agents or setup.config.agents, sides)
        asked = AuditRequest(request.path, agents, home=request.home, model=request.model, findings=request.findings)
        # The later one first: what both have is counted with it, and the earlier one has less to read.
        after = audit_at(asked, where, sides[1].reading, sides[1].disk, progress, setup)
        before = audit_at(asked, where, sides[0].reading, sides[0].disk, progress, setup)
    return compared(before, after, base[0], head[0])


class _Side:
    """One of the two states: what reads it, and the disk as it was. ``tree`` None: the work tree as it is."""

    reading: Reading | RevisionReading
    disk: Disk

    def __init__(self, name: str, tree: str | None, where: Where, repository: Repository, folder: str) -> None:
        self.name = name
        if tree is None:
            from ctxkit.agents.disk import Disk
            from ctxkit.sources.reading import Reading

            self.reading = Reading(where.root)
            self.disk = Disk(where.root, where.home, repository.top)
            return
        from ctxkit.sources.git import Git
        from ctxkit.sources.revision import Revision, RevisionDisk, RevisionReading

        os.mkdir(folder)
        revision = Revision(repository, Git(repository, repository.top), tree, folder)
        prefix = os.path.relpath(where.root, repository.top).replace(os.sep, "/")
        self.reading = RevisionReading(revision, "" if prefix == "." else prefix)
        self.disk = RevisionDisk(revision, where.root, where.home, repository.top)

    def __enter__(self) -> _Side:
        return self

    def __exit__(self, *_: object) -> None:
        self.reading.close()


def _revisions(request: DiffRequest, repository: Repository) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
    """(as it was named, its tree) of base and head. Raises UnknownNameError for one that there is not."""
    from ctxkit.sources.git import Git
    from ctxkit.sources.revision import merge_base

    git = Git(repository, repository.top)
    base, since, head = request.base.partition("...")
    if since and head and request.head:
        raise CtxkitError(
            f"BASE: {request.base} names a head, and {request.head} is another.", "Leave one of the two out."
        )
    head = request.head or head
    if since:
        common = merge_base(git, base or "HEAD", head or "HEAD")
        if common is None:
            raise UnknownNameError(
                f"{base} and {head or 'HEAD'} have no commit in common here.",
                "Check their spelling; a shallow clone is deepened by: git fetch --unshallow",
            )
        return (request.base, _tree(git, common, "BASE")), (head, _tree(git, head, "HEAD") if head else None)
    return (base, _tree(git, base, "BASE")), (head, _tree(git, head, "HEAD") if head else None)


def _tree(git: Git, revision: str, which: str) -> str:
    from ctxkit.sources.git import GitError
    from ctxkit.sources.revision import tree_of

    tree = tree_of(git, revision)
    if tree is None:
        from difflib import get_close_matches

        names: list[str] = []
        with contextlib.suppress(GitError):
            told = git.finish(git.start("for-each-ref", "--format=%(refname:short)", "--count=2000"))
            names = told.decode("utf-8", "replace").split()
        near = get_close_matches(revision, names, 1, 0.4)
        raise UnknownNameError(
            f"{which}: git knows no revision {revision!r} here.",
            f"Did you mean {near[0]}?" if near else "git log --oneline --all shows some; git fetch may bring it.",
        )
    return tree


def _agents(named: tuple[str, ...], sides: Iterable[_Side]) -> tuple[str, ...]:
    """The agents that are named, else those that either side is set up for."""
    if named:
        return named
    found: dict[str, None] = {}
    nothing: NothingToAuditError | None = None
    for side in sides:
        try:
            found |= dict.fromkeys(spec.id for spec, _ in chosen((), side.disk))
        except NothingToAuditError as error:
            nothing = error
    if not found and nothing is not None:
        raise nothing
    return tuple(sorted(found))


def compared(before: Audit, after: Audit, base: str, head: str) -> Diff:
    """What is different in ``after``; both of the same agents. ``base`` and ``head``: what they are called."""
    agents = tuple(_agent(old, new) for old, new in zip(before.agents, after.agents, strict=True))
    files = sorted(_files(before.inventory, after.inventory), key=lambda file: (-abs(file.tokens.by), file.path))
    score = (before.score.value, after.score.value) if before.score is not None and after.score is not None else None
    return Diff(
        root=after.root,
        base=base,
        head=head,
        agents=tuple(sorted(agents, key=lambda agent: (-agent.start.after.n, agent.agent))),
        files=tuple(files),
        all_files=Change(replace(NO_TOKENS, n=before.inventory.total), replace(NO_TOKENS, n=after.inventory.total)),
        new=tuple(_only(after.findings.shown, before.findings.shown)),
        resolved=tuple(_only(before.findings.shown, after.findings.shown)),
        score=score,
        skipped=tuple(sorted({*before.skipped, *after.skipped}, key=lambda item: (item.path, item.reason))),
    )


def _agent(before: AgentAudit, after: AgentAudit) -> AgentDiff:
    from ctxkit.report.summary import summarise

    was, now = summarise(before), summarise(after)
    old, new = _parts(before), _parts(after)
    kinds = {_key(segment): segment.kind for segment in (*before.context.segments, *after.context.segments)}
    items = []
    for key in {**old, **new}:
        start, later = _change(old, new, key, 0), _change(old, new, key, 1)
        if start.by or later.by or (key in old) != (key in new):
            category, path, title = key
            items.append(ItemChange(category, kinds[key], path, title, start, later))
    context = after.context
    return AgentDiff(
        agent=context.agent,
        name=context.name,
        model=context.model,
        window=context.window,
        start=Change(was.start, now.start),
        later=Change(was.later_tokens, now.later_tokens),
        categories=tuple((name, Change(was.by_category[name], now.by_category[name])) for name in Category),
        items=tuple(sorted(items, key=_weight)),
        whole=was.whole and now.whole,
    )


_Key = tuple[Category, str | None, str]


def _key(segment: Segment) -> _Key:
    return segment.category, segment.path, segment.title


def _parts(agent: AgentAudit) -> dict[_Key, tuple[Tokens, Tokens]]:
    """What of the window can be told apart → (tokens in the first request, what more comes once it is used)."""
    from ctxkit.report.summary import rest_of

    sums: dict[_Key, tuple[Tokens, Tokens]] = {}
    for segment in agent.context.segments:
        if segment.category is not Category.FILES:
            start, later = sums.get(_key(segment), (NO_TOKENS, NO_TOKENS))
            rest = rest_of(segment) if _may_come(segment) else NO_TOKENS
            sums[_key(segment)] = (start + segment.tokens, later + rest)
    return {key: both for key, both in sums.items() if both[0].n or both[1].n}


def _may_come(segment: Segment) -> bool:
    from ctxkit.model import Activation

    return segment.activation not in (Activation.ALWAYS, Activation.NEVER)


def _change(
    old: dict[_Key, tuple[Tokens, Tokens]], new: dict[_Key, tuple[Tokens, Tokens]], key: _Key, which: int
) -> Change:
    nothing = (NO_TOKENS, NO_TOKENS)
    return Change(old.get(key, nothing)[which], new.get(key, nothing)[which])


def _weight(item: ItemChange) -> tuple[int, int, str, str, str]:
    return (
        -abs(item.start.by),
        -abs(item.later.by),
        item.category.value,
        item.path or "",
        item.title,
    )


def _files(before: Inventory, after: Inventory) -> Iterator[FileChange]:
    old = {entry.path: entry for entry in before.entries()}
    for entry in after.entries():
        was = old.pop(entry.path, None)
        if was is None or was.tokens != entry.tokens:
            change = Change(
                replace(NO_TOKENS, n=was.tokens if was else 0, exact=not (was and was.estimated)),
                replace(NO_TOKENS, n=entry.tokens, exact=not entry.estimated),
            )
            if change.by:
                yield FileChange(entry.path, entry.kind, change)
    for gone in old.values():
        if gone.tokens:
            yield FileChange(gone.path, gone.kind, Change(replace(NO_TOKENS, n=gone.tokens, exact=not gone.estimated)))


def _only(findings: Iterable[Finding], others: Iterable[Finding]) -> Iterator[Finding]:
    """Those of ``findings`` that ``others`` has not, each as often as there are more of it."""
    left = Counter(finding.fingerprint for finding in others)
    for finding in findings:
        if left[finding.fingerprint]:
            left[finding.fingerprint] -= 1
        else:
            yield finding
