"""Models: window, prices and tokenizer family, from ``rules/models.yaml``."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from ctxkit.data import data_file
from ctxkit.model import UnknownNameError
from ctxkit.text.datafile import load_yaml_cached
from ctxkit.text.pattern import on_demand
from ctxkit.tokens.families import Family, find_family
from ctxkit.tokens.names import nearest, normal_name


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens; None where the provider has no such price.

    ``cached_read`` is a token read from the prompt cache, ``cache_write_5m`` and ``cache_write_1h`` one written to it
    for five minutes (for providers with one lifetime: for theirs) or an hour.
    """

    input: float
    output: float
    cached_read: float | None = None
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None


class LongPrices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The prices of every token of a request whose input is over ``above`` tokens; tiers stand smallest first."""

    above: int
    prices: Prices


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one model takes and costs. ``window`` is the largest input in tokens, ``max_output`` the largest answer."""

    id: str
    provider: str
    family: str
    window: int
    max_output: int
    prices: Prices
    source: str
    date: str
    aliases: tuple[str, ...] = ()
    long: tuple[LongPrices, ...] = ()

    @property
    def tokenizer(self) -> Family:
        """The tokenizer family."""
        return find_family(self.family)

    def prices_at(self, input_tokens: int) -> Prices:
        """The prices of a request with ``input_tokens`` tokens of input."""
        prices = self.prices
        for tier in self.long:
            if input_tokens > tier.above:
                prices = tier.prices
        return prices


class ModelData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``rules/models.yaml`` holds."""

    models: tuple[Model, ...]


_LARGE = on_demand(r"\[(\d+)m\]\s*$", re.IGNORECASE)
_EFFORT = on_demand(r"-(?:none|minimal|low|medium|high|xhigh|max|thinking|reasoning|latest|preview|fast)$")


@cache
def all_models() -> tuple[Model, ...]:
    """Every model of the data file, in its order."""
    return load_yaml_cached(data_file("models.yaml"), ModelData).models


@cache
def _by_name() -> dict[str, Model]:
    models: dict[str, Model] = {}
    for model in all_models():
        for name in (model.id, *model.aliases):
            models.setdefault(normal_name(name), model)
    for name, model in list(models.items()):
        models.setdefault(name.removesuffix("-preview"), model)
    return models


def _shorter(name: str) -> str:
    return normal_name(_EFFORT().sub("", name))


@cache
def find_model(name: str) -> Model:
    """The model that ``name`` means: with or without provider prefix, date, effort suffix, in any spelling.

    ``[1m]`` at the end, as Claude Code writes it, widens the window to that many million tokens. Raises
    UnknownNameError naming the nearest known models.
    """
    exact = next((model for model in all_models() if model.id == name), None)
    if exact is not None:
        return exact
    known = _by_name()
    plain = normal_name(name)
    while plain not in known:
        shorter = _shorter(plain)
        if shorter == plain:
            raise UnknownNameError(
                f"There is no model {name!r} in the data.",
                nearest(plain, [model.id for model in all_models()], "See them all with: ctxkit models"),
            )
        plain = shorter
    model = known[plain]
    large = _LARGE().search(name)
    if large:
        window = max(model.window, int(large.group(1)) * 1_000_000)
        return msgspec.structs.replace(model, window=window)
    return model
