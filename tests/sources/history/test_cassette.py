"""Cassettes of vcr: YAML in bounded time, requests and answers through the wire formats."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ctxkit.model import CtxkitError, Skipped
from ctxkit.model.session import Event
from ctxkit.sources.history import cassette
from ctxkit.sources.history.formats import head_of

ReadCase = Callable[..., list[Event]]
WriteDown = Callable[[list[Event]], list[str]]
CASE = Path(__file__).parents[2] / "cases" / "history" / "cassette" / "exchange.yaml"


def test_session(read_case: ReadCase, written_down: WriteDown) -> None:
    assert cassette.recognise(head_of(str(CASE)))
    assert written_down(read_case("cassette", "exchange.yaml")) == [
        "start exchange",
        "prompt «Count the tills.»",
        "request chatcmpl-9 in 11 cached 0 out 2",
        "text «One.»",
        "prompt «Sure?»",
        "request chatcmpl-10 in 19 cached 8 out 3",
        "text «Quite sure.»",
    ]


def test_other_exchanges_are_counted() -> None:
    lost: list[Skipped] = []
    list(cassette.read(str(CASE), "", lost.append))
    assert [skipped.reason for skipped in lost] == ["1 interactions hold no request to a model"]


def test_peek() -> None:
    (peek,) = cassette.peek(head_of(str(CASE)))
    assert (peek.id, peek.title, peek.model) == ("exchange", "Count the tills.", "gpt-x")


HOSTILE = {
    "no YAML": "interactions:\n- request: [\n",
    "no list": "interactions:\n  request: 1\n",
    "nested": "interactions:\n- request: " + "[" * 20_000,
    "a time that is none": "interactions:\n- request: {body: 2026-99-99}\n",
    "aliases that mean billions": "interactions:\n- request: &a0 [x, x]\n"
    + "".join(f"- request: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)),
    "itself": "interactions:\n- &a {request: {body: *a}}\n",
    "an object of Python": "interactions:\n- request: !!python/object/apply:os.getcwd []\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str, tmp_path: Path) -> None:
    path = tmp_path / "cassette.yaml"
    path.write_text(HOSTILE[name], encoding="utf-8")
    list(cassette.peek(head_of(str(path))))
    with pytest.raises(CtxkitError):
        list(cassette.read(str(path), "", lambda _: None))
