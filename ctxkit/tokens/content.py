"""What kind of text something is, as far as tokenizers tell kinds apart."""

from __future__ import annotations

from enum import StrEnum

from ctxkit.text.pattern import on_demand

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
    letters = sum(map(str.isalpha, sample)) + sum(map(str.isspace, sample))
    if letters > 0.85 * len(sample):
        return Content.PROSE
    digits = sum(map(str.isdigit, sample))
    return Content.DATA if digits > 0.25 * len(sample) else Content.CODE
