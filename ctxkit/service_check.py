"""The gate: budgets, findings and the baseline against what the repository holds, the same on every machine."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.model.audit import Audit
    from ctxkit.model.check import CheckResult
    from ctxkit.model.finding import Persona, Severity
    from ctxkit.service import Progress
    from ctxkit.sources.configured import Configured
    from ctxkit.sources.reading import Reading
    from ctxkit.sources.trace import Trace
    from ctxkit.sources.verdicts import Answer
    from ctxkit.sources.worktree import Worktree
    from ctxkit.tokens.cache import CountCache

NEVER = "never"
"""Findings of no severity fail a check."""

LEVELS = ("error", "warning", "note", NEVER)


class CheckRequest(NamedTuple):
    """What to check. ``path`` may be relative to the working directory, ``baseline`` (a file) too.

    ``agents``, ``fail_on`` and ``persona``: empty for what the configuration says.
    """

    path: str = "."
    agents: tuple[str, ...] = ()
    fail_on: str = ""
    persona: str = ""
    baseline: str | None = None


class Gate:
    """One check. Git is at work from the moment this is made; use it as a context manager.

    Raises CtxkitError for a path that does not exist.
    """

    def __init__(self, request: CheckRequest, new_baseline: bool = False) -> None:
        """``new_baseline``: the baseline that ``request`` names need not be there."""
        from ctxkit.sources.git import GitError, find_repository
        from ctxkit.sources.glance import Glance

        self._started = time.time_ns()
        self._request = request
        self._new_baseline = new_baseline
        self._trace: Trace | None = None
        self._reading: Reading | None = None
        self._glance: Glance | None = None
        self.baseline = ""
        """Where the baseline is, or would be; known after ``check``."""
        self.root = _root(request.path)
        repository = find_repository(self.root)
        if repository is not None:
            with contextlib.suppress(GitError):  # the reading says what is wrong
                self._glance = Glance(self.root, repository)

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        if self._trace is not None:
            self._trace.close()
        if self._reading is not None:
            self._reading.close()
        elif self._glance is not None:
            self._glance.close()

    def recall(self, shown: Sequence[str]) -> Answer | None:
        """What an earlier run answered, if nothing has changed since; ``shown``: all that decides how it is written."""
        if self._glance is None:
            return None
        from ctxkit.sources.verdicts import recall

        return recall(self._question(shown), self._glance.state)

    def remember(self, shown: Sequence[str], answer: Answer) -> None:
        """Keep ``answer`` for runs that ask the same while nothing has changed. Only after ``check``."""
        if self._trace is None or self._reading is None or self._reading.worktree is None:
            return
        from ctxkit.sources.verdicts import remember

        self._trace.close()
        state = self._reading.state()
        remember(self._question(shown), answer, self._reading.worktree, state, self._trace, self._started)

    def check(self, progress: Progress | None = None) -> CheckResult:
        """The check itself. Raises ConfigError, CtxkitError, NothingToAuditError where there is nothing to check."""
        from ctxkit.agents.places import git_top
        from ctxkit.model import ConfigError, UnknownNameError
        from ctxkit.model.finding import Persona, Severity
        from ctxkit.policy import setup_of
        from ctxkit.service import AuditRequest, Where, audit_at
        from ctxkit.sources.gate_disk import NO_HOME, GateDisk
        from ctxkit.sources.reading import Reading
        from ctxkit.sources.trace import Trace
        from ctxkit.text.kept import cache_dir
        from ctxkit.tokens.cache import CountCache

        trace = self._trace = Trace()
        trace.listen(self.root, [cache_dir()])
        request = self._request
        if request.fail_on and request.fail_on not in LEVELS:
            raise UnknownNameError(f"--fail-on: {request.fail_on!r} is no level.", f"Known: {', '.join(LEVELS)}.")
        reading = self._reading = Reading(self.root, self._glance)
        setup = setup_of(self.root, request.baseline)
        if request.baseline and setup.entries is None and not self._new_baseline:
            raise ConfigError(f"--baseline: {request.baseline} does not exist.", "ctxkit baseline --update writes one.")
        with CountCache.open() as cache:
            worktree = reading.finish(cache=cache, progress=progress)
        worktree.personal = False
        disk = GateDisk(self.root, worktree, git_top(self.root), trace)
        asked = AuditRequest(self.root, request.agents, persona=request.persona)
        where = Where(self.root, self.root, NO_HOME, {})
        audit = audit_at(asked, where, _Read(worktree), disk, progress, setup)
        level = request.fail_on or setup.config.fail_on
        persona = Persona(request.persona) if request.persona else setup.config.persona
        self.baseline = setup.baseline
        return judged(audit, None if level == NEVER else Severity(level), persona, setup)

    def _question(self, shown: Sequence[str]) -> str:
        from ctxkit.sources.verdicts import question

        today = time.strftime("%Y-%m-%d", time.gmtime())
        return question([self.root, os.path.abspath("."), today, repr(self._request), *shown])


class _Read(NamedTuple):
    """A work tree that is read already."""

    worktree: Worktree

    def finish(self, *, cache: CountCache, progress: Progress | None = None) -> Worktree:
        return self.worktree


def judged(audit: Audit, fail_on: Severity | None, persona: Persona, setup: Configured) -> CheckResult:
    """What ``audit`` comes to: which findings fail at ``fail_on`` (None: none), how the budgets stand."""
    from ctxkit.baseline import difference, entries_now
    from ctxkit.budget import measure_budgets
    from ctxkit.model.check import CheckResult
    from ctxkit.sources.configured import shown

    entries = setup.entries or ()
    budgets = measure_budgets(setup.config.budgets, audit, _cost_of_turn, entries, setup.prefix)
    findings = audit.findings.shown if fail_on is not None else ()
    return CheckResult(
        audit=audit,
        fail_on=fail_on,
        persona=persona,
        failing=tuple(finding for finding in findings if fail_on and finding.severity.rank <= fail_on.rank),
        budgets=budgets,
        difference=difference(entries, entries_now(audit.findings, budgets)),
        config=setup.file,
        baseline="" if setup.entries is None else shown(setup.baseline, audit.root),
    )


def _cost_of_turn(model: str, tokens: int) -> float | None:
    """US dollars of a turn that sends ``tokens``, read from the prompt cache where there is one."""
    from ctxkit.report.cost import cost_of
    from ctxkit.tokens.models import find_model

    cost = cost_of(tokens, find_model(model))
    return None if cost is None else cost.cached


def baseline_of(result: CheckResult) -> bytes:
    """The baseline that lets pass what ``result`` found, as it stands in its file."""
    from ctxkit.baseline import baseline_bytes, entries_now

    return baseline_bytes(entries_now(result.audit.findings, result.budgets))


def _root(path: str) -> str:
    place = os.path.realpath(os.path.expanduser(path))
    if not os.path.isdir(place):
        from ctxkit.service import located

        located(path, None, None)  # says what is wrong with it
    return place
