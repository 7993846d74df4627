"""Tasks of LiveMCPBench: one JSON document for a task, with the messages of the whole run, or a list of such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Request, Start
from ctxkit.sources.history import recordings, wire_chat
from ctxkit.sources.history.fields import maps, short, text
from ctxkit.sources.history.glance import size_and_time, stem
from ctxkit.sources.history.reader import Peek
from ctxkit.sources.history.reading import document
from ctxkit.sources.history.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Skipped
    from ctxkit.model.session import Event
    from ctxkit.sources.history.reader import Head

ID = "mcpbench"
AGENTS: tuple[str, ...] = ()


def recognise(head: Head) -> bool:
    """Has the first task an id, a question and messages?"""
    first = None if head.is_lines else recordings.first_record(head)
    return isinstance(first, dict) and _is_task(first)


def peek(head: Head) -> Iterator[Peek]:
    """One for each task."""
    size, ended = size_and_time(head.path)
    tasks = _tasks(head.document if head.document is not None else list(head.records))
    for task in tasks:
        key = short(task, "task_id") if len(tasks) > 1 else ""
        yield Peek(
            path=head.path,
            key=key,
            id=short(task, "task_id") or stem(head.path),
            title=title_of(_question(task)),
            ended=ended,
            size=size,
        )


def read(path: str, key: str, skip: Callable[[Skipped], None]) -> Iterator[Event]:
    """The events of the tasks. Each message of the model is the answer to a request; usage is not recorded."""
    for task in _tasks(document(path)):
        identity = short(task, "task_id")
        if key and identity != key:
            continue
        yield Start(identity or stem(path), ID, title=title_of(_question(task)))
        begun = False
        for message in maps(task, "messages"):
            if message.get("role") == "assistant":
                begun = True
                yield Request()
            yield from wire_chat.message_blocks(message, later=begun)


def _tasks(found: object) -> list[Mapping[str, object]]:
    return [task for task in recordings.listed(found) if isinstance(task, dict) and _is_task(task)]


def _question(task: Mapping[str, object]) -> str:
    return text(task, "question", "Question")


def _is_task(record: Mapping[str, object]) -> bool:
    return isinstance(record.get("messages"), list) and "task_id" in record and _question(record) != ""
