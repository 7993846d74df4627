"""The findings of earlier runs, taken again as long as nothing that a detector may look at has changed."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import msgspec

from ctxkit.agents.disk import slash
from ctxkit.model import Skipped
from ctxkit.model.finding import Finding
from ctxkit.sources.evidence_of import absolute
from ctxkit.sources.trace import Trace
from ctxkit.sources.verdicts import Answer, question, recall, remember
from ctxkit.text.kept import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ctxkit.agents.disk import Disk
    from ctxkit.evidence import Evidence
    from ctxkit.sources.reading import Reading

_CANNOT = (TypeError, ValueError, RecursionError)
"""What msgspec raises for a value that it cannot write: a name that is no UTF-8, say."""

_Kept = tuple[tuple[Finding, ...], tuple[Skipped, ...]]


class KnownFindings:
    """What is known of the work tree ``root`` that ``reading`` reads. Notes what is opened until it is closed."""

    def __init__(self, root: str, reading: Reading) -> None:
        self._started = time.time_ns()
        self._reading = reading
        self._trace = _Listener(root, reading.root)
        self._trace.listen(root, [cache_dir()])

    def findings(
        self,
        evidence: Evidence,
        limits: Mapping[str, Mapping[str, float]],
        disk: Disk,
        run: Callable[[], tuple[Finding, ...]],
    ) -> tuple[Finding, ...]:
        """What ``run`` finds in ``evidence`` with the thresholds ``limits``, from memory where that is as good.

        ``disk``: what ``evidence`` is read from; what could not be read of it is known as well.
        """
        digest = _digest(evidence)
        if not digest:
            return run()
        settings = sorted((name, sorted(values.items())) for name, values in limits.items())
        asked = question([__name__, self._reading.root, digest, repr(settings)])
        known = self._recalled(asked)
        if known is None:
            self._trace.everywhere = True
            before = set(disk.skipped)
            found = run()
            skipped = tuple(item for item in disk.skipped if item not in before)
            self._remember(asked, (found, skipped))
            return found
        found, skipped = known
        for item in skipped:
            disk.skip(absolute(item.path, disk), item.reason, item.hint)
        return found

    def close(self) -> None:
        """Note nothing more."""
        self._trace.close()

    def _recalled(self, asked: str) -> _Kept | None:
        answer = recall(asked, self._reading.state)
        if answer is None:
            return None
        try:
            known: _Kept = msgspec.msgpack.decode(answer.output, type=_Kept)
        except msgspec.MsgspecError:
            return None
        return known

    def _remember(self, asked: str, known: _Kept) -> None:
        self.close()
        try:
            answer = Answer(0, (), msgspec.msgpack.encode(known))
        except _CANNOT:
            return
        if self._reading.worktree is not None:
            remember(asked, answer, self._reading.worktree, self._reading.state(), self._trace, self._started)


class _Listener(Trace):
    """Notes what is opened below ``roots``, and while detectors look at the evidence whatever is opened.

    What was read elsewhere before that is in the windows, and they are part of the question.
    """

    def __init__(self, *roots: str) -> None:
        super().__init__()
        self._roots = tuple(slash(root) for root in roots)
        self.everywhere = False

    def hear(self, path: str) -> None:
        """Note that ``path`` is opened or listed."""
        if self.everywhere or path.startswith(self._roots):
            super().hear(path)


def _digest(evidence: Evidence) -> str:
    """A name for all that is no file of the work tree: the windows, their texts, the tools; empty if there is none."""
    try:
        windows = msgspec.msgpack.encode((evidence.agents, evidence.tools), order="deterministic")
    except _CANNOT:
        return ""
    digest = hashlib.sha256(windows)
    for path, document in evidence.documents.items():
        name = path.encode("utf-8", "surrogateescape")
        digest.update(b"%d:%b%d:%b" % (len(name), name, len(document.data), document.data))
    return digest.hexdigest()
