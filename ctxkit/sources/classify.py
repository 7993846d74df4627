"""What kind of file something is: by its path, by what ``.gitattributes`` says of it, by its first bytes.

The facts stand in ``rules/generated.yaml``. What lies in the path outweighs what lies in the content, and what the
repository declares (``linguist-generated``, ``linguist-vendored``, ``linguist-documentation``) outweighs both.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from ctxkit.data import data_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ctxkit.sources.generated import GeneratedRules

KINDS = (
    "source", "docs", "config", "data", "generated", "vendored",
    "lock", "minified", "media", "binary", "link", "submodule",
)  # fmt: skip
"""Every kind of file, in the order of the numbers that stand for them."""

(SOURCE, DOCS, CONFIG, DATA, GENERATED, VENDORED, LOCK, MINIFIED, MEDIA, BINARY, LINK, SUBMODULE) = range(len(KINDS))

IS_BINARY, IS_GENERATED, HAS_LONG_LINES = 1, 2, 4
"""What the first bytes of a file say (a bit each)."""

SNIFF_BYTES = 64 * 1024
"""How much of a file ``Classifier.sniff`` looks at."""

_BINARY_HEAD = 8_000  # git's own limit: a NUL before it makes a file binary
_BINARY_SHARE = 0.3
_DECLARED = {"linguist-generated": GENERATED, "linguist-vendored": VENDORED, "linguist-documentation": DOCS}


class Declaration(NamedTuple):
    """The ``.gitattributes`` of one directory: ``base`` relative to the root, and its text."""

    base: str
    text: str


@functools.cache
def _rules_text() -> bytes:
    with open(data_file("generated.yaml"), "rb") as file:
        return file.read()


def fingerprint(declarations: Iterable[Declaration] = ()) -> bytes:
    """A name for the rules and declarations that kinds are decided by; it changes when any of them does."""
    digest = hashlib.sha1(_rules_text(), usedforsecurity=False)
    for declaration in declarations:
        lines = "\n".join(line for line in declaration.text.splitlines() if "linguist-" in line)
        if lines:
            digest.update(f"\0{declaration.base}\0{lines}".encode("utf-8", "surrogateescape"))
    return digest.digest()


class Classifier:
    """Kinds of files under the rules of ``rules/generated.yaml``."""

    def __init__(self, rules: GeneratedRules | None = None) -> None:
        """Raises ConfigError when the shipped rules are damaged."""
        from ctxkit.ignore import IgnoreFile, IgnoreTree
        from ctxkit.sources.generated import load_rules

        self._rules = load_rules() if rules is None else rules
        lines: list[str] = []
        self._line_kinds: list[int] = []
        for group in self._rules.paths:
            for line in group.lines:
                lines.append(line)
                self._line_kinds.append(KINDS.index(group.kind))
        self._lines = lines
        self._file = IgnoreFile(lines, source="generated.yaml", ignorecase=True)
        self._tree = IgnoreTree([[self._file]])
        self._by_suffix = _words(self._rules.suffixes)
        self._by_name = _words(self._rules.names)
        self._may_be_minified = frozenset(self._rules.minified.suffixes.split())
        self._head_bytes = self._rules.head_bytes
        self._content: Any = None

    def kinds(self, paths: Sequence[str], declarations: Sequence[Declaration] = ()) -> bytearray:
        """The kind of each of ``paths``, by its path and the declarations alone."""
        by_suffix, by_name = self._by_suffix, self._by_name
        found = bytearray(len(paths))
        for place, path in enumerate(paths):
            name = path[path.rfind("/") + 1 :].lower()
            dot = name.rfind(".")
            kind = by_suffix.get(name[dot + 1 :]) if dot >= 0 else None
            if name in by_name:
                kind = by_name[name]
            if kind:
                found[place] = kind
        marked = self._tree.hidden(paths)
        declared = _declared(paths, declarations)
        if marked or declared:
            for place, path in enumerate(paths):
                if path in declared:
                    found[place] = declared[path]
                elif path in marked:
                    rule = self._tree.decide(path).rule
                    if rule is not None:
                        found[place] = self._line_kinds[rule.line - 1]
        return found

    def sniff(self, head: bytes) -> int:
        """What the first ``SNIFF_BYTES`` bytes of a file say: a sum of ``IS_BINARY`` and its fellows."""
        if is_binary(head):
            return IS_BINARY
        return (IS_GENERATED if self._generated(head) else 0) + (HAS_LONG_LINES if self._long_lines(head) else 0)

    def kind(self, by_path: int, marks: int, path: str) -> int:
        """The kind of a file of ``by_path`` whose content says ``marks``."""
        if marks & IS_BINARY:
            return by_path if by_path in (MEDIA, VENDORED, LOCK, GENERATED) else BINARY
        if by_path == BINARY:
            by_path = DATA
        if marks & IS_GENERATED and by_path in (SOURCE, CONFIG, DATA):
            return GENERATED
        if marks & HAS_LONG_LINES and by_path == SOURCE and path.rpartition(".")[2].lower() in self._may_be_minified:
            return MINIFIED
        return by_path

    def _generated(self, head: bytes) -> bool:
        if self._content is None:
            import re2  # type: ignore[import-untyped]

            options = re2.Options()
            options.encoding = re2.Options.Encoding.LATIN1
            options.log_errors = False
            self._content = re2.compile("|".join(f"(?:{e})" for e in self._rules.content).encode("ascii"), options)
        return self._content.search(head[: self._head_bytes]) is not None

    def _long_lines(self, head: bytes) -> bool:
        rule = self._rules.minified
        if len(head) < max(rule.least_bytes, rule.mean_bytes * (head.count(b"\n") + 1)):
            return False
        long = sum(len(line) for line in head.split(b"\n") if len(line) > rule.line_bytes)
        return long >= rule.share * len(head)


def is_binary(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is no text: a NUL in it, or mostly bytes that no text has."""
    start = head[:_BINARY_HEAD]
    if b"\0" in start:
        return True
    odd = len(start) - len(start.translate(None, _CONTROLS))
    if not start.isascii():
        odd += start.decode("utf-8", "replace").count("\ufffd")
    return odd > _BINARY_SHARE * len(start)


_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\b\x1b")


def _words(groups: dict[str, str]) -> dict[str, int]:
    return {word: KINDS.index(kind) for kind, words in groups.items() for word in words.split()}


def _declared(paths: Sequence[str], declarations: Sequence[Declaration]) -> dict[str, int]:
    """What ``.gitattributes`` declare; deeper files and later lines win, and unsetting one makes it plain source."""
    found: dict[str, int] = {}
    for base, text in sorted(declarations):
        lines = [
            line.split() for line in text.splitlines() if "linguist-" in line and not line.lstrip().startswith("#")
        ]
        values = [_value(words[1:]) for words in lines]
        patterns = [words[0] for words, value in zip(lines, values, strict=True) if value is not None]
        kept = [value for value in values if value is not None]
        if not patterns:
            continue
        from ctxkit.ignore.file import IgnoreFile, framed

        file = IgnoreFile(patterns, base, negation=False)
        inside = [path for path in paths if path.startswith(f"{base}/")] if base else paths
        for raw in file.candidates(framed(inside)):
            path = raw.decode("utf-8", "surrogateescape")
            rule = file.match(path)
            if rule is not None:
                found[path] = kept[rule.line - 1]
    return found


def _value(attributes: Iterable[str]) -> int | None:
    value = None
    for attribute in attributes:
        name, _, setting = attribute.lstrip("-!").partition("=")
        if name in _DECLARED:
            off = attribute[0] in "-!" or setting.lower() == "false"
            value = SOURCE if off else _DECLARED[name]
    return value
