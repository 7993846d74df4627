"""What kind of text something is, as far as tokenizers tell kinds apart."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 4_000
"""Characters of a text that are looked at."""


class Content(StrEnum):
    """A class of text for which one factor between two tokenizers holds."""

    PROSE = "prose"
    """Natural language in Latin letters, Markdown and documentation included."""
    CODE = "code"
    JSON = "json"
    YAML = "yaml"
    """YAML, TOML, INI and other line-wise configuration."""
    MARKUP = "markup"
    """HTML, XML, SVG, stylesheets."""
    DATA = "data"
    """Tables, logs, listings, encoded bytes: mostly numbers and identifiers."""
    CJK = "cjk"
    """Text of which a good part is Chinese, Japanese or Korean."""
    SCRIPT = "script"
    """Text of which a good part is in another script than Latin or CJK."""
    NUMBERED = "numbered"
    """A file as read tools return it: every line with its number in front."""


_BY_SUFFIX: dict[str, Content] = {
    suffix: content
    for content, suffixes in {
        Content.PROSE: "md markdown mdx mdc rst txt adoc asciidoc org tex po pot textile",
        Content.JSON: "json jsonl ndjson jsonc json5 geojson ipynb webmanifest avsc har sarif",
        Content.YAML: "yaml yml toml ini cfg conf properties env editorconfig service desktop",
        Content.MARKUP: "html htm xhtml xml svg xsl xsd css scss less sass plist rss xaml jsp jinja j2 vue svelte",
        Content.DATA: "csv tsv log lock sum dat diff patch out ics pem sql",
    }.items()
    for suffix in suffixes.split()
}
_BY_NAME = {
    "license": Content.PROSE,
    "readme": Content.PROSE,
    "changelog": Content.PROSE,
    "notice": Content.PROSE,
    "authors": Content.PROSE,
    ".cursorrules": Content.PROSE,
    ".windsurfrules": Content.PROSE,
    ".clinerules": Content.PROSE,
    ".goosehints": Content.PROSE,
    ".gitignore": Content.YAML,
    ".gitattributes": Content.YAML,
}
_CJK = on_demand("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_SCRIPT = on_demand("[\u0370-\u1dbf\u2c00-\u2dff\ua4d0-\uabff]")
_NUMBERED = on_demand(r"\s*\d+(?:\u2192|\t|: |\| )")
_DIGITS = b"0123456789"
_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123))
_BLANKS = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f "
_FOREIGN = 0.15  # share of characters: such a character weighs one to three tokens, a Latin one a quarter


def content_of(path: str, text_sample: str | None = None) -> Content:
    """The class of a text, from its file name and, where given, its beginning.

    ``path`` is posix and may be empty. The name decides between kinds of Latin text; without a telling name code is
    assumed. Only the first ``SAMPLE`` characters of ``text_sample`` are looked at.
    """
    if text_sample and not text_sample.isascii():
        sample = text_sample[:SAMPLE]
        if len(_CJK().findall(sample)) > _FOREIGN * len(sample):
            return Content.CJK
        if len(_SCRIPT().findall(sample)) > _FOREIGN * len(sample):
            return Content.SCRIPT
    if text_sample and _is_numbered(text_sample):
        return Content.NUMBERED
    name = path.rpartition("/")[2].lower()
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    named = _BY_NAME.get(stem if dot and stem else name) or _BY_NAME.get(name)
    if named is not None:
        return named
    if text_sample and not path:
        return _guess(text_sample[:SAMPLE])
    return Content.CODE


def _is_numbered(sample: str) -> bool:
    """Whether the first three lines (all, of a shorter text) begin with a line number."""
    lines = sample[:SAMPLE].split("\n", 3)[:3]
    return _NUMBERED().match(lines[0]) is not None and all(_NUMBERED().match(line) for line in lines if line)


def _guess(sample: str) -> Content:
    """The class of a text without a name, from how it begins."""
    start = sample.lstrip()[:1]
    if start in ("{", "["):
        return Content.JSON
    if start == "<":
        return Content.MARKUP
    if _number(sample, _LETTERS + _BLANKS, str.isalpha, str.isspace) > 0.85 * len(sample):
        return Content.PROSE
    return Content.DATA if _number(sample, _DIGITS, str.isdigit) > 0.25 * len(sample) else Content.CODE


def _number(sample: str, plain: bytes, *kinds: Callable[[str], bool]) -> int:
    """How many characters are of one of ``kinds``; ``plain`` are those of ASCII, twenty times as fast to look for."""
    if sample.isascii():
        return len(sample) - len(sample.encode().translate(None, plain))
    return sum(sum(map(kind, sample)) for kind in kinds)
