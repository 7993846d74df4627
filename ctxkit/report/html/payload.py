"""What the script draws from: the windows as compact JSON that no text in it can break out of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from ctxkit.report.html.markup import Markup
from ctxkit.report.html.tree import bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.report.html.agents import Face
    from ctxkit.report.html.tree import Node

Packed: TypeAlias = "list[int | list[Packed]]"
"""title, tokens of the first request, tokens if used, bits (1, 2: estimates), when, why, path, findings, children."""
_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029", "\x7f": "\\u007f"}
)


def payload(faces: Sequence[Face], most: int) -> Markup:
    """The data block: all agents with at most ``most`` nodes; texts are numbers in one list."""
    texts: dict[str, int] = {}
    share = max(20, most // max(1, len(faces)))
    agents = [
        {
            "id": face.audit.context.agent,
            "name": face.audit.context.name,
            "window": face.audit.context.window,
            "tree": _packed(bounded(face.tree, share), texts),
        }
        for face in faces
    ]
    return Markup(
        f'<script type="application/json" id="data">{embedded({"agents": agents, "texts": list(texts)})}</script>'
    )


def embedded(value: object) -> str:
    """``value`` as JSON that may stand inside a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).translate(_ESCAPES)


def _packed(node: Node, texts: dict[str, int]) -> Packed:
    title, when, why, path = (
        texts.setdefault(text, len(texts)) for text in (node.title, node.when, node.why, node.path)
    )
    bits = (not node.start.exact) + 2 * (not node.used.exact)
    children = [_packed(child, texts) for child in node.children]
    return [title, node.start.n, node.used.n, bits, when, why, path, node.found, children]
