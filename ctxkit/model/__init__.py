"""The values everything else is made of; standard library only."""

from ctxkit.model.context import Activation, Category, Context, Segment, Skipped, Span
from ctxkit.model.errors import ConfigError, CtxkitError, NothingToAuditError, UnknownNameError
from ctxkit.model.tokens import NO_TOKENS, Tokens, shared_out, total

__all__ = [
    "NO_TOKENS",
    "Activation",
    "Category",
    "ConfigError",
    "Context",
    "CtxkitError",
    "NothingToAuditError",
    "Segment",
    "Skipped",
    "Span",
    "Tokens",
    "UnknownNameError",
    "shared_out",
    "total",
]
