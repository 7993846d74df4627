"""What the script draws from: the windows as compact JSON that no text in it can break out of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from ctxkit.report.html.markup import TITLE, Markup, plain
from ctxkit.report.html.tree import bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.report.html.agents import Face
    from ctxkit.report.html.tree import Node

Packed: TypeAlias = "list[int | list[Packed]]"
"""title, tokens at the start, tokens later, bits (1, 2: these are estimates), when, why, path, found, children."""
_ESCAPES = [(char, f"\\u{ord(char):04x}") for char in "<>&\u2028\u2029\x7f"]


def payload(faces: Sequence[Face], most: int, size: int) -> Markup:
    """The data block: all agents with at most ``most`` nodes and ``size`` bytes; texts are numbers in one list."""
    data = _data(faces, most)
    while len(data) > size and most > len(faces):
        most //= 2
        data = _data(faces, most)
    return Markup(f'<script type="application/json" id="data">{data}</script>')


def _data(faces: Sequence[Face], most: int) -> str:
    texts: dict[str, int] = {}
    share = max(1, most // max(1, len(faces)))
    agents = [
        {
            "id": face.audit.context.agent,
            "name": face.audit.context.name,
            "window": face.audit.context.window,
            "tree": _packed(bounded(face.tree, share), texts),
        }
        for face in faces
    ]
    return embedded({"agents": agents, "texts": list(texts)})


def embedded(value: object) -> str:
    """``value`` as JSON that may stand inside a script element."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for char, escaped in _ESCAPES:
        data = data.replace(char, escaped)
    return data


def _packed(node: Node, texts: dict[str, int]) -> Packed:
    title, when, why, path = (
        texts.setdefault(text, len(texts))
        for text in (plain(node.title, TITLE), node.when, plain(node.why), plain(node.path))
    )
    bits = (not node.start.exact) + 2 * (not node.later.exact)
    children = [_packed(child, texts) for child in node.children]
    return [title, node.start.n, node.later.n, bits, when, why, path, int(node.found), children]
