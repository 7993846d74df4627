"""Tasks of LiveMCPBench."""

import json
from collections.abc import Callable
from pathlib import Path

from ctxkit.model.session import Event, Start
from ctxkit.sources.history import litellm_log, mcpbench, requests
from ctxkit.sources.history.formats import head_of

ReadCase = Callable[..., list[Event]]
WriteDown = Callable[[list[Event]], list[str]]
CASE = Path(__file__).parents[2] / "cases" / "history" / "mcpbench" / "task.json"


def test_task(read_case: ReadCase, written_down: WriteDown) -> None:
    assert written_down(read_case("mcpbench", "task.json")) == [
        "start tk-1",
        "system «Use the tools.»",
        "prompt «How many tills?»",
        "request - without usage",
        'call count «{"what":"till"}» (b1)',
        "result «1» (b1)",
        "request - without usage",
        "text «One.»",
    ]


def test_recognised_by_this_reader_alone() -> None:
    head = head_of(str(CASE))
    assert [module.ID for module in (mcpbench, litellm_log, requests) if module.recognise(head)] == ["mcpbench"]


def test_a_list_of_tasks_has_a_session_for_each(tmp_path: Path) -> None:
    task = json.loads(CASE.read_text("utf-8"))
    other = {**task, "task_id": "tk-2", "Question": "Which?"}
    del other["question"]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task, other]), encoding="utf-8")
    peeks = list(mcpbench.peek(head_of(str(path))))
    assert [(peek.key, peek.title) for peek in peeks] == [("tk-1", "How many tills?"), ("tk-2", "Which?")]
    events = list(mcpbench.read(str(path), "tk-2", lambda _: None))
    assert [event.id for event in events if isinstance(event, Start)] == ["tk-2"]
