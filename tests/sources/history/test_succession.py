"""What is new in a request, and what has left since the one before."""

from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model.session import Block, Departure, Kind, Why
from ctxkit.sources.history.succession import Succession, conversation_of

P, T, S = Kind.PROMPT, Kind.TEXT, Kind.SYSTEM


def blocks(words: str) -> list[Block]:
    """Capital letters are the head, small ones the conversation."""
    return [Block(S if word.isupper() else P if word in "ace" else T, word) for word in words]


def steps(*requests: str) -> list[list[object]]:
    """For each request: what left, by reason, and what entered."""
    window = Succession()
    names: dict[str, str] = {}
    told = []
    for request in requests:
        found: list[object] = []
        for event in window.advance(blocks(request), 0.0):
            if isinstance(event, Departure):
                found.append((event.why, "".join(names[mark] for mark in event.marks)))
            else:
                assert isinstance(event, Block)
                names[event.mark] = event.text
                found.append(event.text)
        told.append(found)
    return told


def test_only_what_is_new_enters() -> None:
    assert steps("Aab", "Aabcd", "Aabcd") == [["A", "a", "b"], ["c", "d"], []]


def test_reasons() -> None:
    assert steps("Aabcd", "Aab")[1] == [(Why.REWIND, "cd")]
    assert steps("Aabcd", "Aabxd")[1] == [(Why.CLEARED, "c"), "x"]
    assert steps("Aabcd", "Babcd")[1] == [(Why.REPLACED, "A"), "B"]
    assert steps("Aabcd", "Aed")[1] == [(Why.COMPACTION, "abc"), "e"]


def test_a_summary_makes_a_compaction() -> None:
    window = Succession()
    list(window.advance(blocks("abcd"), 0.0))
    departure, summary = window.advance([*blocks("a"), Block(Kind.SUMMARY, "x"), *blocks("d")], 0.0)
    assert isinstance(departure, Departure)
    assert (departure.why, departure.marks) == (Why.COMPACTION, ("#2", "#3"))
    assert isinstance(summary, Block)


def test_calls_are_known_again_under_another_id_and_spelling() -> None:
    window = Succession()
    list(window.advance([], 0.0))
    list(window.extend([Block(Kind.CALL, '{"a": 1}', "f", "one", {"a": 1})], 0.0))
    assert list(window.advance([Block(Kind.CALL, '{"a":1}', "f", "two", {"a": 1})], 0.0)) == []


def test_turns_are_undone() -> None:
    window = Succession()
    list(window.advance(blocks("AabcdTe"), 0.0))
    assert [departure.marks for departure in window.undo(2, 0.0)] == [("#4", "#5", "#6", "#7")]
    assert list(window.undo(0, 0.0)) == []
    assert [departure.marks for departure in window.undo(9, 0.0)] == [("#2", "#3")]
    assert list(window.undo(1, 0.0)) == []


def test_what_is_shared() -> None:
    window = Succession()
    list(window.advance(blocks("Aabc"), 0.0))
    assert [window.shared(conversation_of(blocks(words))) for words in ("abcd", "Bab", "xabc", "")] == [3, 2, 0, 0]
    assert window.same_head(blocks("Ax"))
    assert not window.same_head(blocks("Bx"))
    assert not Succession().same_head(blocks("x"))


@given(st.lists(st.text("ABabcdex", max_size=12), min_size=1, max_size=5))
def test_the_window_is_always_that_of_the_request(requests: list[str]) -> None:
    window = Succession()
    live: dict[str, str] = {}
    for request in requests:
        for event in window.advance(blocks(request), 0.0):
            if isinstance(event, Departure):
                for mark in event.marks:
                    del live[mark]
            else:
                assert isinstance(event, Block)
                live[event.mark] = event.text
        assert sorted(live.values()) == sorted(request)


def test_a_call_that_the_client_has_filled_in_is_known_by_its_id() -> None:
    window = Succession()
    list(window.extend([Block(Kind.CALL, '{"a":1}', "f", "one", {"a": 1})], 0.0))
    filled = Block(Kind.CALL, '{"a":1,"b":false}', "f", "one", {"a": 1, "b": False})
    assert list(window.advance([filled], 0.0)) == []
    other = Block(Kind.CALL, '{"a":2}', "f", "one", {"a": 2})
    assert [type(event) for event in window.advance([filled, other], 0.0)] == [Block]


def test_the_head_is_the_same_whatever_the_client_writes_for_the_books() -> None:
    def head(version: str) -> list[Block]:
        return [Block(S, f"x-anthropic-billing-header: cc_version={version};"), Block(S, "Help.")]

    window = Succession()
    list(window.advance([*head("1.0.a"), Block(P, "a")], 0.0))
    assert window.same_head(head("1.0.b"))
    assert not window.same_head([*head("1.0.a")[:1], Block(S, "Help more.")])
