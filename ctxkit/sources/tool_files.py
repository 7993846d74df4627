"""The files in which people keep the definitions of MCP tools: the lock file's name, and how large one may be."""

LOCK_NAME = "ctxkit-tools.lock"

LIVE = "the server itself"
"""The origin of definitions that a server gave in this run."""

READ_LIMIT = 64 * 1024 * 1024
"""Bytes of one file with definitions: a hundred times the largest server measured."""
