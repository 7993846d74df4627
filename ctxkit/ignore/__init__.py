"""Ignore files, decided as git decides: which line of which file hides a path."""

from ctxkit.ignore.file import IgnoreFile, Rule
from ctxkit.ignore.tree import Decision, IgnoreTree

__all__ = ["Decision", "IgnoreFile", "IgnoreTree", "Rule"]
