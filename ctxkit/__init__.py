"""Measure what goes into a coding agent's context window.

``audit`` says what an agent would load from a repository, when, why, and how many tokens that is; the types are what it
returns. Nothing else is public.

    >>> from ctxkit import AuditRequest, audit
    >>> window = audit(AuditRequest(".", ("claude-code",))).agents[0].context
    >>> sum(segment.tokens.n for segment in window.segments)  # doctest: +SKIP
    23242
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxkit.model import Activation, Category, Context, CtxkitError, Segment, Skipped, Span, Tokens
    from ctxkit.model.audit import AgentAudit, Audit
    from ctxkit.service import AuditRequest, audit

__all__ = [
    "Activation",
    "AgentAudit",
    "Audit",
    "AuditRequest",
    "Category",
    "Context",
    "CtxkitError",
    "Segment",
    "Skipped",
    "Span",
    "Tokens",
    "audit",
]

_HOMES = {"AgentAudit": "ctxkit.model.audit", "Audit": "ctxkit.model.audit", "AuditRequest": "ctxkit.service"}


def __getattr__(name: str) -> object:
    # Imported when asked for: the command line passes through here at every start and needs none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "ctxkit.service" if name == "audit" else _HOMES.get(name, "ctxkit.model")
    return getattr(import_module(home), name)
