"""Templates of the data files: how an agent prints one entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONAL = on_demand(r"\[([^\[\]]*\{([A-Za-z0-9_-]+)\}[^\[\]]*)\]")
_KEY = on_demand(r"\{([A-Za-z0-9_-]+)\}")
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def fill(template: str, values: Mapping[str, str]) -> str:
    """``template`` with its keys filled in; parts in brackets, and separators before an empty value, fall away."""
    text = _OPTIONAL().sub(lambda m: m[1] if values.get(m[2]) else "", template)
    text = _KEY().sub(lambda m: values.get(m[1], ""), text)
    return re.sub(r"(?::| -)[ ]*(?=\n|$)", "", text) if not values.get("description") else text


def escaped(values: Mapping[str, str]) -> dict[str, str]:
    """``values`` as text of an XML document."""
    return {key: value.translate(_XML) for key, value in values.items()}
