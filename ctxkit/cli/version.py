"""The version of this program."""

VERSION = "0.1.0"
"""Kept equal to pyproject.toml by a test: asking the installed metadata costs 37 ms."""
