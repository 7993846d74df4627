"""The use cases of recorded sessions: which there are of a repository, and what one of them tells."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctxkit.model import CtxkitError, UnknownNameError
from ctxkit.sources.session.listing import History, Listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.agents.spec import AgentSpec
    from ctxkit.model import Skipped
    from ctxkit.model.history import Session
    from ctxkit.service import Progress
    from ctxkit.sources.history.find import Found
    from ctxkit.sources.history.reader import Peek
    from ctxkit.sources.session.overview import Overview

_LEAST_ID = 4
"""Characters of a session's id that are enough to name it."""


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Which sessions to look at.

    ``target``: a directory (all sessions held there or below), a transcript, or the beginning of the id of a session
    held in the current directory. ``agents``: only of these; empty for all. ``home``: where to look instead of the
    user's own home directory. ``key``: one of the sessions of a directory or a transcript, by id or key. ``model``: to
    weigh and price for instead of the one that a session ran on. ``read``: how many of a directory's sessions, the
    newest first, to read whole.
    """

    target: str = "."
    agents: tuple[str, ...] = ()
    home: str | None = None
    key: str = ""
    model: str | None = None
    read: int = 10


def history(request: HistoryRequest, progress: Progress | None = None) -> History | Overview:
    """What the user asked for: a list for a directory or a transcript of several sessions, else one session.

    Raises CtxkitError for what does not exist, is no transcript, or names no session.
    """
    if request.model is not None:
        from ctxkit.tokens.models import find_model

        find_model(request.model)
    if os.path.isdir(request.target):
        from ctxkit.sources.history.formats import transcript_in

        inside = transcript_in(request.target)
        if inside is not None:
            return _of_file(replace(request, target=inside), progress)
        if request.key:
            return _by_id(request, request.target, request.key, progress)
        return _listed(os.path.abspath(request.target), *_found(request, request.target, progress), request, progress)
    if os.path.exists(request.target):
        return _of_file(request, progress)
    return _by_id(request, ".", request.target, progress)


def _of_file(request: HistoryRequest, progress: Progress | None) -> History | Overview:
    from ctxkit.sources.history.find import Found, glance

    peeks = [Found("", name, peek) for name, peek in glance(request.target)]
    if request.key:
        named = [item for item in peeks if request.key in (item.peek.key, item.peek.id)]
        named = named or [item for item in peeks if _begins(item.peek, request.key)]
        if len(named) != 1:
            raise UnknownNameError(
                f"{'No session' if not named else 'More than one session'} in {request.target} is called"
                f" {request.key!r}.",
                f"See them with: ctxkit history {request.target}",
            )
        return _read(request, named[0].peek)
    if len(peeks) > 1:
        return _listed(request.target, peeks, (), request, progress)
    if not peeks:
        raise CtxkitError(f"{request.target} holds no session.", "Name another transcript.")
    return _read(request, peeks[0].peek)


def _by_id(request: HistoryRequest, root: str, name: str, progress: Progress | None) -> Overview:
    """The session held in ``root`` whose id is ``name``, or the only one whose id begins with it."""
    if len(name) >= _LEAST_ID and os.sep not in name:
        found, _ = _found(request, root, progress)
        named = [item for item in found if name in (item.peek.id, item.peek.key)]
        named = named or [item for item in found if _begins(item.peek, name)]
        if len({item.peek.id for item in named}) == 1:
            return _read(request, named[0].peek)
        if named:
            ids = ", ".join(sorted({item.peek.id for item in named})[:3])
            raise UnknownNameError(f"{name!r} begins more than one session's id.", f"Write more of it: {ids}")
    where = "no file, no directory and no session held here" if root == "." else f"no session held in {root}"
    raise CtxkitError(
        f"{name or 'The empty name'} is {where}.", "See the sessions of a repository with: ctxkit history PATH"
    )


def _begins(peek: Peek, key: str) -> bool:
    return peek.id.startswith(key) or peek.key.startswith(key)


def _found(request: HistoryRequest, path: str, progress: Progress | None) -> tuple[list[Found], tuple[Skipped, ...]]:
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.places import Places, git_top
    from ctxkit.service import located
    from ctxkit.sources.history.find import find_sessions

    where = located(path, None, request.home)
    top = git_top(where.root)
    disk = Disk(where.root, where.home, top)
    places = Places(where.root, where.cwd, where.home, top, (), where.env)
    return find_sessions(_agents(request.agents), places, disk, progress), disk.skipped


def _agents(names: Sequence[str]) -> list[AgentSpec]:
    from ctxkit.agents.load import agent_ids, load_agent

    named = agent_ids() if not names or "all" in names else names
    return [load_agent(name.partition("@")[0]) for name in named]


def _listed(
    root: str, found: Sequence[Found], skipped: tuple[Skipped, ...], request: HistoryRequest, progress: Progress | None
) -> History:
    listed: list[Listed] = []
    wanted = min(request.read, sum(not item.peek.parent for item in found))
    done = 0
    for item in found:
        overview, problem = None, ""
        if not item.peek.parent and done < wanted:
            if progress is not None:
                progress(done, wanted, "Reading sessions")
            done += 1
            try:
                overview = _read(request, item.peek)
            except CtxkitError as error:
                problem = error.message
        listed.append(Listed(item.agent, item.format, item.peek, overview, problem))
    here = request.home is None and os.path.realpath(root) == os.path.realpath(os.getcwd())
    return History(root, tuple(listed), skipped, here)


def _read(request: HistoryRequest, peek: Peek) -> Overview:
    from ctxkit.sources.history.load import load_sessions
    from ctxkit.tokens.cache import CountCache

    with CountCache.open() as cache:
        # Read to the end, so that what was counted is kept.
        sessions = list(load_sessions(peek.path, peek.key, cache))
    if not sessions:
        raise CtxkitError(f"{peek.path} holds no session.", "Name another transcript.")
    return _overview(sessions[0], request)


def _overview(session: Session, request: HistoryRequest) -> Overview:
    from ctxkit.agents.load import agent_ids, load_agent
    from ctxkit.sources.session.afresh import Verdict
    from ctxkit.sources.session.overview import overview

    agent = session.start.agent
    if agent not in agent_ids():
        return overview(session, request.model)
    spec = load_agent(agent)
    typed = spec.steering
    words = {Verdict.START_AFRESH: typed.afresh, Verdict.COMPACT: typed.compact} if typed is not None else {}
    commands = {verdict: word for verdict, word in words.items() if word}
    return overview(session, request.model, None if request.model else spec.window, commands)
