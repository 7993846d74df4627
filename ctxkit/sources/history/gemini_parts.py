"""Messages in Gemini's shape, as Gemini CLI and Qwen Code keep them: their blocks, and by what each is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import MAIN, Block, Kind
from ctxkit.sources.history.wire_gemini import content_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

USER = "user"
MODEL = "model"


def parts_of(content: object) -> Sequence[object]:
    """The parts of ``content``, which may be a list of them, one of them, or a string."""
    if isinstance(content, list):
        return content
    return (content,) if isinstance(content, str | Mapping) and content else ()


def blocks(content: object, role: str, mark: str, thread: str = MAIN, at: float = 0.0) -> list[Block]:
    """The blocks of the message ``mark``. Calls and results are marked by the id of the call, others by their place.

    ``role``: USER or MODEL. Images behind a result belong to it, others to the words before them.
    """
    found: list[Block] = []
    for number, part in enumerate(parts_of(content)):
        of_part = list(content_blocks({"role": role, "parts": [part]}))
        place = f"{mark}:{number}"
        if of_part and of_part[0].kind in (Kind.CALL, Kind.RESULT) and of_part[0].call:
            place = f"{of_part[0].kind}:{of_part[0].call}"
        if _is_image(of_part) and found and found[-1].kind in (Kind.RESULT, Kind.PROMPT):
            found[-1] = replace(found[-1], media=(*found[-1].media, *of_part[0].media))
        else:
            found += (block.placed(thread, place, at) for block in of_part)
    return found


def _is_image(of_part: Sequence[Block]) -> bool:
    return len(of_part) == 1 and bool(of_part[0].media) and of_part[0].kind is Kind.PROMPT
