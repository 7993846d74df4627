"""The form of ``rules/actions.yaml``."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from ctxkit.data import data_file


class ActionRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of tools by what they do, and the keys of their arguments; see the file itself."""

    date: str
    names: dict[str, str]
    path: tuple[str, ...]
    paths: tuple[str, ...]
    start: tuple[str, ...]
    count: tuple[str, ...]
    end: tuple[str, ...]
    range: tuple[str, ...]
    command: tuple[str, ...]
    switch: tuple[str, ...]
    server: tuple[str, ...]
    zero_based: str
    shown: tuple[str, ...]
    cut: tuple[str, ...]
    most_lines: int
    switched: dict[str, str]
    shell: dict[str, str]
    common: str
    common_commands: str


@cache
def rules() -> ActionRules:
    """The shipped rules. Raises ConfigError when they do not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("actions.yaml"), ActionRules)


@cache
def doing_of() -> dict[str, str]:
    """Name of a tool, bare → what it does."""
    return {name: doing for doing, names in rules().names.items() for name in names.split()}


@cache
def shell_words() -> dict[str, str]:
    """Command of a shell → what it does."""
    return {word: doing for doing, words in rules().shell.items() for word in words.split()}


@cache
def common_words() -> tuple[frozenset[str], frozenset[str]]:
    """(words, commands) that tell nothing about the use of a rule."""
    return frozenset(rules().common.split()), frozenset(rules().common_commands.split())
