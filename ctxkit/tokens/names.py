"""Model names: one spelling for the many that clients, gateways and clouds use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Collection

_CLOUD = on_demand(r"^(?:(?:us|eu|apac|ap|au|jp|ca|global|us-gov)\.)?(?:anthropic|meta|mistral|deepseek|qwen|openai)\.")
_TAIL = on_demand(r"(?:\[\d+[mk]\]|-v\d+:\d+|:[a-z0-9-]+|@[a-z0-9-]+)$")
_DATE = on_demand(r"-(?:20\d{6}|20\d\d-\d\d-\d\d|\d\d-20\d\d|\d{4})$")


def normal_name(model: str) -> str:
    """``model`` in lower case, with dashes for dots and underscores, without provider, region, version tag or date.

    ``us.anthropic.claude-sonnet-4-5-20250929-v1:0``, ``anthropic/claude-sonnet-4.5`` and ``claude-sonnet-4-5[1m]``
    all become ``claude-sonnet-4-5``.
    """
    name = model.strip().lower().rpartition("/")[2]
    name = _CLOUD().sub("", name)
    while (shorter := _DATE().sub("", _TAIL().sub("", name))) != name:
        name = shorter
    return name.replace(".", "-").replace("_", "-")


def nearest(name: str, known: Collection[str], everything: str) -> str:
    """A hint for an unknown name: the nearest known ones where some are near, then ``everything``, where all are."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}? {everything}" if near else everything
