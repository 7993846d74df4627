"""Both engines count as tiktoken does with OpenAI's own patterns, whatever the text."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from ctxkit.model import ConfigError, CtxkitError, UnknownNameError
from ctxkit.tokens import engine, ranks, splintr_engine, tiktoken_engine
from ctxkit.tokens.tiktoken_engine import LONG, TiktokenCounter

# The patterns as OpenAI publishes them (tiktoken_ext/openai_public.py), the oracle for our regrouped ones.
OFFICIAL = {
    "o200k_base": "|".join(
        [
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""\p{N}{1,3}""",
            r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
            r"""\s*[\r\n]+""",
            r"""\s+(?!\S)""",
            r"""\s+""",
        ]
    ),
    "cl100k_base": (
        r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"""
        r"""|\s+(?!\S)|\s"""
    ),
}
ENCODINGS = list(OFFICIAL)


@pytest.fixture(scope="module")
def oracle():
    encodings = {
        name: tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks.load(name), special_tokens={})
        for name, pattern in OFFICIAL.items()
    }
    return lambda text, encoding: len(encodings[encoding].encode_ordinary(text))


def random_text(seed, length, end):
    rng = random.Random(seed)
    points = (rng.randrange(end) for _ in range(length))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


TEXTS = {
    "empty": "",
    "NUL": "a\0b\0\0" * 500,
    "special tokens spelt out": "<|endoftext|><|fim_prefix|> <|im_start|>user" * 50,
    "contractions": "I'M don't WE'LL 'S '\u017f he'D'Ve " * 50,
    "numbers": "1234567 ٣٤٥٦ Ⅷ ½ 0x1F " * 50,
    "white space": " \t\n\r\n\u2028\x85\u00a0\x0b\x0c\x1c\x1f   \n \n\n  x  ",
    "marks": "e\u0301\u0301\n!\u0301\n" * 100,
    "scripts": "漢字かな交じり文、русский عربي हिन्दी 한국어 " * 50,
    "emoji": "👨‍👩‍👧‍👦🇩🇪" * 200,
    "slashes after line ends": "//\n/\n//x\r\n/y !\n\n/" * 50,
    "one long word": "a" * 200_000,
    "one long rule": "=" * 200_000,
    "line ends": "\n" * 100_000,
    "CR LF": "\r\n" * 50_000,
    "bytes read as latin-1": bytes(random.Random(1).randrange(256) for _ in range(20_000)).decode("latin-1"),
    "bytes read as UTF-8": bytes(random.Random(2).randrange(256) for _ in range(20_000)).decode("utf-8", "replace"),
    "any character": random_text(3, 20_000, 0x110000),
    "basic plane": random_text(4, 20_000, 0x10000),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", TEXTS)
def test_hard_texts(name, encoding, engine_choice, oracle):
    assert engine.count(TEXTS[name], encoding) == oracle(TEXTS[name], encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_own_sources(encoding, engine_choice, oracle):
    for module in (engine, ranks, tiktoken_engine, subprocess, random):
        with open(module.__file__, encoding="utf-8") as file:
            text = file.read()
        assert engine.count(text, encoding) == oracle(text, encoding)


PIECES = "a|Z|\u017f|é|e\u0301|1|22| |  |\t|\n|\r|\r\n|\u2028|\x85|\u00a0|/|//|'s|'LL|!|…|漢|か|😀|\0|<|{|_|\u200b|\x1c"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*PIECES.split("|"), "<|endoftext|>"]), max_size=60).map("".join) | st.text(max_size=200)
)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_text(oracle, encoding, text):
    expected = oracle(text, encoding)
    assert TiktokenCounter_of(encoding).count(text) == expected
    fast = splintr_engine.open_splintr(encoding)
    if fast is not None:
        assert fast.count(text) == expected


def TiktokenCounter_of(encoding, made={}):  # noqa: B006, N802
    if encoding not in made:
        made[encoding] = TiktokenCounter(encoding)
    return made[encoding]


# Runs over LONG go round the pattern; with LONG lowered the oracle can still count them.
@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.builds(lambda blank, n: blank * n, st.sampled_from([" ", "\t", "\u00a0", "\u3000"]), st.integers(1, 60))
        | st.sampled_from(["a", "!", "\n", "\r\n", "/", "1", "漢", "e\u0301", "'s"]),
        max_size=12,
    ).map("".join)
)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_long_runs_of_blanks_are_cut_where_the_pattern_cuts(oracle, encoding, text):
    original = tiktoken_engine.LONG
    tiktoken_engine.LONG = 8
    try:
        assert TiktokenCounter_of(encoding).count(text) == oracle(text, encoding)
    finally:
        tiktoken_engine.LONG = original


MILLION = 1_000_000


BLANKS = {
    "spaces": (lambda n: " " * n, 7813, 7813),
    "tabs, then a letter": (lambda n: "\t" * n + "x", 62_501, 62_501),
    "spaces between letters": (lambda n: "a" + " " * n + "b", 7815, 7815),
    "a line end, then spaces": (lambda n: "a\n" + " " * n, 7815, 7815),
    "spaces, then a line end": (lambda n: " " * n + "\n", 7814, 7814),
    "line ends": (lambda n: "\n" * n, 62_500, 31_250),
}


@pytest.mark.parametrize("name", BLANKS)
def test_a_million_blanks(name, engine_choice):
    """Plain tiktoken panics on most of these, so both engines must agree on figures written down here."""
    make, o200k, cl100k = BLANKS[name]
    text = make(MILLION)
    assert (engine.count(text), engine.count(text, "cl100k_base")) == (o200k, cl100k)


def test_tiktoken_alone_still_fails_there():
    """The reason for the detour; when this test fails the detour may go."""
    core = TiktokenCounter_of("o200k_base")._core
    with pytest.raises(BaseException, match="StackOverflow"):
        core.encode_ordinary(" " * MILLION)
    assert LONG < MILLION


def test_a_five_megabyte_line(engine_choice, oracle):
    text = ("The quick brown fox, x=1; " * 200_000)[:5_000_000]
    assert engine.count(text) == oracle(text, "o200k_base")


def test_a_long_text_is_counted_in_chunks_and_still_exactly(engine_choice, oracle, monkeypatch):
    text = "".join(f"line {n}:\n    x = '{n * 7}'  // why\n\n/\n" for n in range(3000))
    expected = oracle(text, "o200k_base")
    counter = engine._counter("o200k_base", engine_choice)
    longest = 0

    def counting(part, count=counter.count):
        nonlocal longest
        longest = max(longest, len(part))
        return count(part)

    monkeypatch.setattr(engine, "CHUNK", 1000)
    monkeypatch.setattr(counter, "count", counting)
    assert engine.count(text) == expected
    assert longest < 1100


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_lone_surrogates_count_as_the_replacement_that_is_sent(encoding, engine_choice):
    assert engine.count("a\ud800b\udfff", encoding) == engine.count("a\ufffdb\ufffd", encoding)
    assert engine.count("\ud83d\ude00", encoding) == engine.count("\U0001f600", encoding)


def test_engine_choice_is_obeyed(engine_choice):
    assert engine.engine_name() == {"tiktoken": "tiktoken", "fast": "splintr"}[engine_choice]


def test_bad_names(monkeypatch):
    with pytest.raises(UnknownNameError, match="gpt2"):
        engine.count("x", "gpt2")
    monkeypatch.setenv("CTXKIT_ENGINE", "quick")
    with pytest.raises(ConfigError, match="quick") as caught:
        engine.count("x")
    assert "tiktoken" in caught.value.hint


@pytest.fixture
def fresh_engines():
    engine._counter.cache_clear()
    splintr_engine.open_vocabulary.cache_clear()
    yield
    engine._counter.cache_clear()
    splintr_engine.open_vocabulary.cache_clear()


def test_without_the_fast_extra(monkeypatch, fresh_engines):
    monkeypatch.setitem(sys.modules, "splintr", None)
    monkeypatch.setenv("CTXKIT_ENGINE", "auto")
    assert engine.engine_name() == "tiktoken"
    monkeypatch.setenv("CTXKIT_ENGINE", "fast")
    with pytest.raises(CtxkitError, match="fast engine") as caught:
        engine.count("x")
    assert "agent-ctxkit[fast]" in caught.value.hint


class Miscounting:
    __version__ = "0.22.9"

    class Tokenizer:
        @staticmethod
        def from_pretrained(name):
            return Miscounting.Tokenizer()

        def encode_ordinary(self, text):
            return list(range(len(text) // 4))

        def encode_flat(self, text):
            return b"\0" * len(text)

        def special_tokens(self):
            return {"<|endoftext|>": 1}


@pytest.mark.parametrize("version", ["0.22.9", "0.23.0"])
def test_a_fast_engine_that_miscounts_or_is_untested_is_not_used(version, monkeypatch, fresh_engines):
    monkeypatch.setattr(Miscounting, "__version__", version)
    monkeypatch.setitem(sys.modules, "splintr", Miscounting)
    monkeypatch.delenv("CTXKIT_ENGINE", raising=False)
    assert engine.engine_name() == "tiktoken"


def test_the_probe_counts_are_tiktokens(oracle):
    for encoding, expected in splintr_engine.PROBE_COUNTS.items():
        assert oracle(splintr_engine.PROBE, encoding) == expected


def test_nothing_heavy_is_imported_before_something_is_counted():
    code = (
        "import sys, ctxkit.tokens.engine, ctxkit.tokens.split, ctxkit.tokens.cache;"
        "print([m for m in ('tiktoken', 'splintr', 'regex', 'yaml', 'msgspec') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() in ("[]", "['msgspec']")
