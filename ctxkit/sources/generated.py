"""The form of ``rules/generated.yaml``."""

from __future__ import annotations

from msgspec import Struct

from ctxkit.data import data_file


class PathGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines in ``.gitignore`` syntax that make a file one ``kind``; ``source`` says where they are from."""

    kind: str
    source: str
    lines: list[str]


class Minified(Struct, frozen=True, forbid_unknown_fields=True):
    """When a text of ``least_bytes`` or more is minified, in files of these ``suffixes``.

    Its lines have ``mean_bytes`` on average, and ``share`` of its bytes are in lines over ``line_bytes``.
    """

    suffixes: str
    line_bytes: int
    mean_bytes: int
    share: float
    least_bytes: int


class GeneratedRules(Struct, frozen=True, forbid_unknown_fields=True):
    """All rules; ``suffixes`` and ``names`` map a kind to words separated by blanks."""

    date: str
    head_bytes: int
    paths: list[PathGroup]
    suffixes: dict[str, str]
    names: dict[str, str]
    minified: Minified
    content: list[str]


def load_rules() -> GeneratedRules:
    """The shipped rules. Raises ConfigError when they do not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("generated.yaml"), GeneratedRules)
