"""What an image costs, by its pixels; providers publish rules for some models, for others they were measured."""

from __future__ import annotations

import math

from ctxkit.tokens.families import ImageRule, image_rule


def image_tokens(model: str, pixels: tuple[int, int] | None) -> int:
    """Tokens of an image of ``pixels`` (width, height) sent to ``model``; of one of unknown size the usual number."""
    rule = image_rule(model)
    if pixels is None or min(pixels) < 1:
        return rule.usual
    tokens = _tokens(rule, *pixels)
    return tokens if rule.most is None else min(tokens, rule.most)


def _tokens(rule: ImageRule, width: float, height: float) -> int:
    if rule.flat is not None:
        return rule.flat
    if rule.patch is not None:
        return math.ceil(rule.scale * math.ceil(width / rule.patch) * math.ceil(height / rule.patch))
    if rule.fit is not None and max(width, height) > rule.fit:
        factor = rule.fit / max(width, height)
        width, height = width * factor, height * factor
    if rule.short is not None and min(width, height) > rule.short:
        factor = rule.short / min(width, height)
        width, height = width * factor, height * factor
    tile = rule.tile or 1
    return rule.base + rule.per_tile * math.ceil(width / tile) * math.ceil(height / tile)
