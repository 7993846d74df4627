"""aider: its chat history."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import CtxkitError
from ctxkit.model.session import Block, Departure, Event, Recorded, Request, Start, Usage, Why
from ctxkit.sources.history import aider, aider_requests, formats

# Two blanks end a line of the program or the user; here they are shown as two dots.
HISTORY = """
# aider chat started at 2026-03-01 09:30:00

> /usr/bin/aider --model m-1··
> Aider v0.86.2··
> Main model: openai/m-1 with diff edit format··
> Git repo: .git with 3 files··
> Added yard.py to the chat.··

#### paint the fence··
#### and the shed, too··

Here it is:

#### The file

yard.py
```python
<<<<<<< SEARCH
fence = "grey"
=======
fence = "green"
>>>>>>> REPLACE
```

```
> quoted
#### in code
```

> Tokens: 2.1k sent, 1.5k received. Cost: $0.01 message, $0.03 session.··
> Applied edit to yard.py··

#### /run pytest··
> Add 0.3k tokens of command output to the chat? (Y)es/(N)o [Yes]: n··

#### /ask is it dry?··

It is.

> Tokens: 12k sent, 3.5k cache write, 8k cache hit, 90 received.
Cost: $1.20 message, $1.23 session.··

#### /clear··
> All chat history cleared.··

#### fresh··

A warning follows.

> Some error that goes on
in a line without a mark··

#### /ok··

# aider chat started at 2026-03-02 10:00:00

> Aider v0.87.0··
> Model: m-2 with whole edit format··

#### <blank>··
#### hello··

Hi.
""".replace("··", "  ")
FIRST = "2026-03-01 09:30:00"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / ".aider.chat.history.md"
    path.write_text(HISTORY, encoding="utf-8")
    return path


def read(path: Path, key: str = "") -> list[Event]:
    assert formats.reader_of(formats.head_of(str(path))).ID == "aider"
    return list(aider.read(str(path), key, lambda skipped: pytest.fail(str(skipped))))


def shape(events: list[Event]) -> list[str]:
    return [f"{e.kind.value}:{e.text[:12]}" if isinstance(e, Block) else type(e).__name__ for e in events]


def test_runs_are_sessions(history: Path) -> None:
    events = read(history)
    assert shape(events) == [
        "Start", "prompt:paint the fe", "Request", "Recorded", "text:Here it is:\n", "prompt:is it dry?", "Request",
        "Recorded", "text:It is.", "Departure", "prompt:fresh", "Request", "text:A warning fo", "Start",
        "prompt:<blank>\nhell", "Request", "text:Hi.",
    ]  # fmt: skip
    assert [e.cost for e in events if isinstance(e, Recorded)] == [0.03, 1.23]
    starts = [e for e in events if isinstance(e, Start)]
    assert [(s.id, s.model, s.version, s.cwd) for s in starts] == [
        (FIRST, "openai/m-1", "0.86.2", str(history.parent)),
        ("2026-03-02 10:00:00", "m-2", "0.87.0", str(history.parent)),
    ]
    assert starts[1].at - starts[0].at == 88_200.0
    blocks = [e for e in events if isinstance(e, Block)]
    assert blocks[0].text == "paint the fence\nand the shed, too"
    assert ">>>>>>> REPLACE\n```" in blocks[1].text
    assert blocks[1].text.endswith("> quoted\n#### in code\n```")
    assert blocks[5].text == "A warning follows."
    assert not any("goes on" in b.text or "Applied" in b.text for b in blocks)
    assert any(isinstance(e, Departure) for e in events)


def test_usage_is_what_was_printed(history: Path) -> None:
    usages = [e.usage for e in read(history) if isinstance(e, Request)]
    assert usages == [
        Usage(2_100, output=1_500, cost=0.01),
        Usage(12_000, 8_000, 3_500, output=90, cost=1.2),
        None,
        None,
    ]


def test_peek_and_keys(history: Path) -> None:
    first, second = aider.peek(formats.head_of(str(history)))
    assert (first.key, first.id, first.title, first.model) == ("1", FIRST, "paint the fence", "openai/m-1")
    assert first.ended == second.began
    assert [e.id for e in read(history, "2") if isinstance(e, Start)] == [second.id]
    assert read(history, "1") + read(history, "2") == read(history)
    for key in ("0", "3", "x"):
        with pytest.raises(CtxkitError, match="no run"):
            read(history, key)


@pytest.mark.parametrize("form", [HISTORY.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + HISTORY.encode()])
def test_line_ends_and_marks_do_not_matter(history: Path, form: bytes) -> None:
    expected = read(history)
    history.write_bytes(form)
    assert read(history) == expected


def test_output_that_the_model_answers_to(history: Path) -> None:
    run = "#### /run pytest  \n> 1 failed  \n> Add 1 line to the chat? (Y)es/(N)o [Yes]: y  \n\n"
    history.write_text(f"# aider chat started at {FIRST}\n\n{run}It fails.\n\n{run}#### why?  \n\nBecause.\n")
    assert shape(read(history)) == [
        "Start", "reminder:1 failed", "Request", "text:It fails.", "prompt:why?", "Request", "text:Because.",
    ]  # fmt: skip


def test_page_of_the_documentation(tmp_path: Path) -> None:
    path = tmp_path / "example.md"
    chat = '<div class="chat-transcript" markdown="1">\n> $ aider  \n\n#### mend it  \n\nMended.\n\n</div>\n'
    path.write_text(f"---\nparent: Examples\n---\n\n# A title\n\nSome words.\n\n{chat}\nMore words.\n")
    assert shape(read(path)) == ["Start", "prompt:mend it", "Request", "text:Mended."]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    lines = HISTORY.encode().splitlines(keepends=True)
    lines = data.draw(st.permutations(lines)) if data.draw(st.booleans()) else lines
    raw = b"".join(lines)
    raw = raw[: data.draw(st.integers(0, len(raw)))] + data.draw(
        st.sampled_from([b"", b"\xff", b"> Tokens: 1.2.3k sent"])
    )
    path = tmp_path / "h.md"
    path.write_bytes(raw)
    for event in aider.read(str(path), "", lambda _: None):
        assert not isinstance(event, Request) or event.usage is None or event.usage.input >= 0
    list(aider.peek(formats.head_of(str(path))))


LOGGED = """TO LLM 2026-03-01T09:30:05
-------
SYSTEM Act as a painter.
SYSTEM··
SYSTEM Be brief.
-------
USER I have *added these files to the chat* so you can edit them.
-------
ASSISTANT Ok.
-------
USER paint it
LLM RESPONSE 2026-03-01T09:30:09
ASSISTANT Painted.
ASSISTANT ----
TO LLM 2026-03-01T09:31:00
-------
SYSTEM Act as a painter.
SYSTEM··
SYSTEM Be brief.
-------
USER paint it
-------
ASSISTANT Painted.
ASSISTANT ----
-------
USER twice
LLM RESPONSE 2026-03-01T09:31:09
ASSISTANT Done.""".replace("··", " ")


def test_logged_requests(tmp_path: Path) -> None:
    path = tmp_path / "llm.log"
    path.write_text(LOGGED)
    head = formats.head_of(str(path))
    assert formats.reader_of(head).ID == "aider-requests"
    events = list(aider_requests.read(str(path), "", lambda skipped: pytest.fail(str(skipped))))
    assert [f"{e.kind.value}:{e.text}" if isinstance(e, Block) else type(e).__name__ for e in events] == [
        "Start", "system:Act as a painter.\n\nBe brief.",
        "reminder:I have *added these files to the chat* so you can edit them.", "text:Ok.", "prompt:paint it",
        "Request", "text:Painted.\n----", "Departure", "prompt:paint it", "text:Painted.\n----", "prompt:twice",
        "Request", "text:Done.",
    ]  # fmt: skip
    departure = next(e for e in events if isinstance(e, Departure))
    assert (departure.why, departure.after, departure.spared) == (Why.REPLACED, "0", frozenset())
    (peek,) = aider_requests.peek(head)
    assert (peek.id, peek.began) == ("2026-03-01T09:30:05", 1772357405.0)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(LOGGED.splitlines(keepends=True)), cut=st.integers(0, len(LOGGED)))
def test_damaged_logs_are_survived(tmp_path: Path, order: list[str], cut: int) -> None:
    path = tmp_path / "llm.log"
    path.write_text("".join(order)[:cut])
    assert isinstance(next(iter(aider_requests.read(str(path), "", lambda _: None))), Start)
    list(aider_requests.read(str(path), "", lambda _: None))
