"""Tokenizer families: which models count alike, exactly where the vocabulary is at hand, else by how wrong an estimate.

The figures live in ``rules/tokenizers.yaml``. A model belongs to the first family with a pattern that fits its name
(see ``normal_name``); a name that fits none counts as the last family, a stand-in with a wide error.
"""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec

from ctxkit.data import data_file
from ctxkit.model import Tokens, UnknownNameError
from ctxkit.text.datafile import load_yaml_cached
from ctxkit.tokens.content import Content
from ctxkit.tokens.names import nearest, normal_name

if TYPE_CHECKING:
    from collections.abc import Callable


class Factor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many tokens of a family one token of its base encoding makes, for one class of text."""

    factor: float
    error: float
    """Relative half-width: 0.08 says that the truth lies within plus or minus 8 percent (the file says how often)."""


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Models that share a tokenizer.

    ``encoding`` is what the engine counts for this family: its own vocabulary when ``exact``, else the base of the
    estimate. ``vocabulary`` names the true one among those that splintr bundles, where ``verified`` says against what
    it was compared. ``normalized`` is the Unicode form that its tokenizer counts. ``doubt`` is added to every error
    where the factors are those of a near relation. ``source`` and ``date`` (of the measurement) belong to the factors.
    """

    id: str
    title: str
    models: tuple[str, ...]
    source: str
    date: str
    encoding: str = "o200k_base"
    exact: bool = False
    vocabulary: str | None = None
    verified: str | None = None
    normalized: Literal["NFC"] | None = None
    doubt: float = 0.0
    factors: dict[Content, Factor] = {}

    @property
    def error(self) -> float:
        """The widest error over all classes of text; 0 for an exact family."""
        return max((factor.error for factor in self.factors.values()), default=0.0) + self.doubt

    def tokens(self, n: int, content: Content = Content.PROSE) -> Tokens:
        """``n`` tokens counted in ``encoding`` as this family's tokens; an estimate says so and how wrong it may be."""
        if self.exact or n == 0:
            return Tokens(n, exact=True, by=self.encoding)
        factor = self.factors[content]
        return Tokens(
            round(n * factor.factor), exact=False, by=f"{self.id} estimate", error=round(factor.error + self.doubt, 4)
        )

    def exact_counter(self) -> Callable[[str], int] | None:
        """A function that counts a text exactly in this family's own vocabulary; None where there is none at hand.

        OpenAI's encodings are always at hand. Others need the ``fast`` extra, and are used only when they are
        verified against the vendor's own files. Lone surrogates count as U+FFFD.
        """
        from ctxkit.tokens import engine

        if self.exact:
            return lambda text: engine.count(text, self.encoding)
        if self.vocabulary is None or self.verified is None:
            return None
        from ctxkit.tokens.splintr_engine import open_vocabulary

        counter = open_vocabulary(self.vocabulary)
        if counter is None:
            return None
        count, form = counter.count, self.normalized

        def exact(text: str) -> int:
            if form is not None and not text.isascii():
                text = unicodedata.normalize(form, text)
            try:
                return count(text)
            except UnicodeEncodeError:
                return count(engine.sendable(text))

        return exact


class Framing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens that requests to some models hold besides their texts; the head of the data file explains each field."""

    models: tuple[str, ...]
    source: str
    date: str
    base: int = 0
    reply: int = 0
    per_message: int = 0
    per_name: int = 0
    tools_auto: int = 0
    tools_forced: int = 0
    tools_base: int = 0
    system_with_tools: int = 0
    per_tool: int = 0
    per_description: int = 0
    first_property: int = 0
    next_property: int = 0
    property_description: int = 0
    enum: int = 0
    nested: int = 0
    per_call: int = 0


class ImageRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an image costs some models; the head of the section in the data file explains each field."""

    models: tuple[str, ...]
    usual: int
    source: str
    date: str
    patch: int | None = None
    scale: float = 1.0
    tile: int | None = None
    per_tile: int = 0
    base: int = 0
    fit: int | None = None
    short: int | None = None
    flat: int | None = None
    most: int | None = None


class ThinkingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether some models are sent the reasoning of earlier turns again."""

    models: tuple[str, ...]
    kept: bool
    source: str
    date: str


class TokenizerData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``rules/tokenizers.yaml`` holds."""

    families: tuple[Family, ...]
    framing: tuple[Framing, ...]
    images: tuple[ImageRule, ...]
    thinking: tuple[ThinkingRule, ...]


@cache
def _data() -> TokenizerData:
    return load_yaml_cached(data_file("tokenizers.yaml"), TokenizerData)


def all_families() -> tuple[Family, ...]:
    """Every family, in the order in which their patterns are tried."""
    return _data().families


@cache
def framing(model: str) -> Framing:
    """The framing of requests to ``model``, by its name in any spelling."""
    name = normal_name(model)
    return next(entry for entry in _data().framing if any(fnmatchcase(name, pattern) for pattern in entry.models))


@cache
def image_rule(model: str) -> ImageRule:
    """The rule for images sent to ``model``, by its name in any spelling."""
    name = normal_name(model)
    return next(entry for entry in _data().images if any(fnmatchcase(name, pattern) for pattern in entry.models))


@cache
def keeps_thinking(model: str) -> bool:
    """Is ``model`` sent the reasoning of earlier turns again?"""
    name = normal_name(model)
    return next(entry.kept for entry in _data().thinking if any(fnmatchcase(name, pattern) for pattern in entry.models))


def find_family(name: str) -> Family:
    """The family with this id; UnknownNameError naming the nearest."""
    for family in all_families():
        if family.id == name:
            return family
    known = [family.id for family in all_families()]
    raise UnknownNameError(
        f"There is no tokenizer family {name!r}.", nearest(name, known, f"Known: {', '.join(sorted(known))}.")
    )


@cache
def family_of(model: str) -> Family:
    """The family of a model by its name, however a client spells it; the last family stands in for unknown names."""
    name = normal_name(model)
    families = all_families()
    for family in families:
        if any(fnmatchcase(name, pattern) for pattern in family.models):
            return family
    return families[-1]
