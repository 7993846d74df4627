"""The records of one rollout as events: which item belongs to which request, what usage is whose, what left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Departure, Kind, Request, Usage, Why
from ctxkit.sources.history.fields import mapping, maps, maybe_number, number, short, text, time_of
from ctxkit.sources.history.succession import Succession
from ctxkit.sources.history.wire_blocks import client_text
from ctxkit.sources.history.wire_responses import item_blocks, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ctxkit.model.session import Event
    from ctxkit.sources.history.losses import Losses

ITEMS = frozenset(
    {"message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"}
    | {"local_shell_call", "web_search_call", "image_generation_call", "tool_search_call", "tool_search_output"}
    | {"additional_tools", "compaction", "compaction_summary", "context_compaction"}
)
_NOTHING: Mapping[str, object] = {}
_STAYS = frozenset({Kind.SYSTEM, Kind.TOOLS, Kind.RULES, Kind.REMINDER, Kind.PROMPT})
"""What a compaction of the versions that do not record the new history kept."""


def item_of(record: Mapping[str, object]) -> Mapping[str, object]:
    """The Responses item in ``record``: its payload, or, in the first versions, the record itself; empty if none."""
    if record.get("type") == "response_item":
        return mapping(record, "payload")
    return record if text(record, "type") in ITEMS and "payload" not in record else _NOTHING


class Rollout:
    """What has been read of one rollout, up to the step that is not over yet."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._model = ""
        self._base = ""
        self._begun = False
        # The items of the model since the last request, and what came after them before its usage did.
        self._step: list[Event] = []
        self._step_at = 0.0
        self._step_is_over = False
        self._window = Succession()
        # Marks of what a compaction leaves: the base instructions, and tools that came as an item.
        self._base_marks: frozenset[str] = frozenset()
        self._tool_marks: frozenset[str] = frozenset()
        self._total: Mapping[str, object] = _NOTHING
        self._size: int | None = None
        self._has_usage_records = False
        self._compacted: list[Event] = []

    def take(self, record: Mapping[str, object], line: int) -> Iterator[Event]:
        """The events that ``record``, on ``line``, gives, or lets go."""
        kind = text(record, "type")
        payload = mapping(record, "payload")
        if kind == "event_msg":
            if payload.get("type") in ("token_count", "turn_aborted", "thread_rolled_back"):
                yield from self._event(payload, time_of(record, "timestamp"))
            return
        if kind == "turn_context":
            self._model = short(payload, "model") or self._model
            return
        at = time_of(record, "timestamp")
        item = item_of(record)
        if item or kind in ("compacted", "token_usage_record", "history_mutation"):
            yield from self._release()
        if item:
            yield from self._item(item, at)
        elif kind == "token_usage_record":
            self._has_usage_records = True
            yield from self._close_step(usage_of(mapping(payload, "usage")), short(payload, "response_id"), at)
        elif kind in ("compacted", "history_mutation"):
            yield from self._close_step(None, "", at)
            self._replace_history(payload, kind, line, at)
        elif kind == "session_meta" or (not kind and "instructions" in record):
            yield from self._instructions(payload or record, at)

    def close(self) -> Iterator[Event]:
        """What the end of the file lets go."""
        yield from self._release()
        yield from self._close_step(None, "", self._step_at)

    def _instructions(self, meta: Mapping[str, object], at: float) -> Iterator[Event]:
        """The prompt of the session. A fork has the record of the session it came from as well: that gives nothing."""
        words = text(mapping(meta, "base_instructions"), "text") or text(meta, "instructions")
        if self._begun or not words:
            return
        self._begun = True
        self._base = words
        if "base_instructions" in meta:
            blocks = self._marked(client_text(words), at)
            self._base_marks = frozenset(block.mark for block in blocks)
            yield from blocks

    def _item(self, item: Mapping[str, object], at: float) -> Iterator[Event]:
        if _of_model(item):
            if self._step_is_over:
                yield from self._close_step(None, "", at)
            self._step_at = self._step_at if self._step else at
            self._step += self._marked(item_blocks(item), at)
            return
        blocks = self._marked(self._input(item), at)
        if item.get("type") == "additional_tools":
            self._tool_marks |= {block.mark for block in blocks}
        if self._step:
            self._step_is_over = True
            self._step += blocks
        else:
            yield from blocks

    def _input(self, item: Mapping[str, object]) -> Iterator[Block]:
        """The blocks of an item of the client. Responses lite has the base instructions once more among the items."""
        for block in item_blocks(item):
            if block.kind is not Kind.SYSTEM or block.text != self._base:
                yield block

    def _marked(self, blocks: Iterable[Block], at: float) -> list[Block]:
        return list(self._window.extend(blocks, at))

    def _close_step(self, usage: Usage | None, identity: str, at: float) -> Iterator[Event]:
        """The request that the open step answers, then the step. A usage without a step is a request of its own."""
        if self._step or usage is not None:
            yield Request(identity, self._model, usage, at=self._step_at if self._step else at)
        yield from self._step
        self._step = []
        self._step_is_over = False

    def _event(self, payload: Mapping[str, object], at: float) -> Iterator[Event]:
        kind = payload.get("type")
        if kind == "token_count":
            yield from self._token_count(mapping(payload, "info"), at)
        elif kind == "turn_aborted":
            yield from self._close_step(None, "", at)
        elif kind == "thread_rolled_back":
            yield from self._release()
            yield from self._close_step(None, "", at)
            yield from self._window.undo(number(payload, "num_turns"), at)

    def _token_count(self, info: Mapping[str, object], at: float) -> Iterator[Event]:
        """A request, if the session's total has grown; else the client told anew what it knew, or an estimate."""
        total = mapping(info, "total_token_usage")
        last = mapping(info, "last_token_usage")
        if not total:
            return
        size = maybe_number(last, "total_tokens")
        if self._compacted and isinstance(self._compacted[0], Departure) and total == self._total:
            self._compacted[0] = replace(self._compacted[0], later=size)
        self._size = size
        if self._has_usage_records or total == self._total:
            self._total = total
            return
        self._total = total
        yield from self._release()
        yield from self._close_step(usage_of(last), "", at)

    def _replace_history(self, payload: Mapping[str, object], kind: str, line: int, at: float) -> None:
        """Hold back what a compaction does until the next item: how large the window is then comes in between."""
        message = text(payload, "message")
        if isinstance(payload.get("replacement_history"), list):
            items = maps(payload, "replacement_history")
            has_tools = any(item.get("type") == "additional_tools" for item in items)
            staying = self._base_marks if has_tools else self._base_marks | self._tool_marks
            departure = Departure(Why.COMPACTION if kind == "compacted" else Why.REWIND, before=self._size, at=at)
            new = [block for item in items for block in self._input(item)]
            self._compacted = list(self._window.replaced(new, departure, staying))
        elif kind == "compacted" and message:
            departure = Departure(Why.COMPACTION, spared=_STAYS, before=self._size, at=at)
            self._compacted = [departure, *self._marked([Block(Kind.SUMMARY, message)], at)]
        else:
            self._losses.add(str(line), f"a record {kind} does not tell the new history")

    def _release(self) -> Iterator[Event]:
        held, self._compacted = self._compacted, []
        yield from held


def _of_model(item: Mapping[str, object]) -> bool:
    kind = text(item, "type")
    return kind == "reasoning" or kind.endswith("_call") or (kind == "message" and item.get("role") == "assistant")
