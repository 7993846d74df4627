"""Families: the data file is complete and sourced, names find the right family, estimates carry their error."""

from __future__ import annotations

import datetime
from fnmatch import fnmatchcase

import pytest

from ctxkit.model import Tokens, UnknownNameError
from ctxkit.tokens import engine
from ctxkit.tokens.content import Content
from ctxkit.tokens.families import all_families, family_of, find_family, framing
from ctxkit.tokens.names import normal_name

from .conftest import needs_fast  # isort: skip

FAMILIES = pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)


@FAMILIES
def test_every_fact_has_a_source_and_a_date(family):
    assert family.source
    assert datetime.date.fromisoformat(family.date) <= datetime.date(2100, 1, 1)
    if family.exact:
        assert not family.factors
    else:
        assert set(family.factors) == set(Content)
        assert all(0.5 < factor.factor < 3 and 0.01 < factor.error < 0.6 for factor in family.factors.values())
    assert family.verified is None or family.vocabulary is not None


def test_ids_are_unique_and_the_last_family_has_no_pattern():
    ids = [family.id for family in all_families()]
    assert len(ids) == len(set(ids))
    assert all(family.models for family in all_families()[:-1])
    assert all_families()[-1].models == ()


def test_every_pattern_is_in_the_spelling_that_names_are_brought_into():
    for family in all_families():
        for pattern in family.models:
            assert pattern == pattern.lower()
            assert "." not in pattern
            assert "/" not in pattern


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-5.3-codex", "openai-o200k"),
        ("openai/gpt-6.1-sol", "openai-o200k"),
        ("o4-mini-2025-04-16", "openai-o200k"),
        ("gpt-4.1", "openai-o200k"),
        ("gpt-4o-2024-08-06", "openai-o200k"),
        ("gpt-oss-120b", "openai-o200k"),
        ("gpt-4", "openai-cl100k"),
        ("gpt-4-0613", "openai-cl100k"),
        ("gpt-4-turbo-2024-04-09", "openai-cl100k"),
        ("gpt-3.5-turbo-0125", "openai-cl100k"),
        ("claude-3-5-sonnet-20241022", "claude-legacy"),
        ("claude-opus-4-20250514", "claude-legacy"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-legacy"),
        ("claude-haiku-4-5@20251001", "claude-legacy"),
        ("claude-opus-4.6[1m]", "claude-legacy"),
        ("claude-opus-4-7", "claude-new"),
        ("anthropic/claude-sonnet-5", "claude-new"),
        ("claude-haiku-5-5", "claude-new"),
        ("sonnet", "claude-new"),
        ("models/gemini-3.1-pro-preview", "gemini"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3"),
        ("meta-llama/llama-4-maverick", "llama4"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen3"),
        ("qwen3-8b", "qwen3"),
        ("qwen3:30b", "qwen3"),
        ("qwen2.5-coder", "qwen3"),
        ("qwen3.8-max", "qwen"),
        ("qwen-plus", "qwen"),
        ("deepseek-ai/DeepSeek-V3.2", "deepseek-v3"),
        ("deepseek-v4-pro", "deepseek"),
        ("mistral-large-2512", "mistral"),
        ("devstral", "mistral"),
        ("zai-org/GLM-4.6", "glm"),
        ("moonshotai/Kimi-K2-Instruct-0905", "kimi"),
        ("grok-4.7", "unknown"),
        ("", "unknown"),
    ],
)
def test_family_of_a_name(model, family):
    assert family_of(model).id == family


def test_an_exact_family_passes_counts_through():
    assert family_of("gpt-5").tokens(123, Content.CJK) == Tokens(123, exact=True, by="o200k_base")
    assert family_of("gpt-4").encoding == "cl100k_base"
    assert family_of("gpt-4").tokens(5) == Tokens(5, exact=True, by="cl100k_base")
    assert family_of("gpt-5").error == 0


def test_an_estimate_says_that_it_is_one():
    family = find_family("claude-legacy")
    factor = family.factors[Content.CODE]
    estimate = family.tokens(1000, Content.CODE)
    assert estimate == Tokens(round(1000 * factor.factor), False, "claude-legacy estimate", factor.error)
    assert family.tokens(0) == Tokens(0, True, "o200k_base")
    assert family.error == max(entry.error for entry in family.factors.values())


def test_doubt_widens_the_error():
    near, own = find_family("deepseek"), find_family("deepseek-v3")
    assert near.factors == own.factors
    assert near.tokens(100).error == pytest.approx(own.tokens(100).error + near.doubt)


def test_newer_claude_counts_more_than_older():
    for content in Content:
        older = find_family("claude-legacy").factors[content].factor
        assert find_family("claude-new").factors[content].factor >= older


# Tokens counted by Anthropic's API over o200k tokens of the same text, in two public datasets (JOHNISKING/
# token-cost-by-programming-language and -by-format, October 2026) and the comparisons of 4.7 with 4.6 by others.
PUBLISHED = {
    "claude-legacy": {
        Content.CODE: [1.20, 1.17, 1.24, 1.23, 1.16, 1.22, 1.27],
        Content.JSON: [1.21, 1.11],
        Content.YAML: [1.08],
        Content.MARKUP: [1.17],
        Content.DATA: [1.11],
        Content.PROSE: [1.09],
    },
    "claude-new": {
        Content.CODE: [1.45, 1.44, 1.49, 1.49, 1.43, 1.53, 1.59],
        Content.JSON: [1.38, 1.59],
        Content.YAML: [1.28],
        Content.MARKUP: [1.37],
        Content.DATA: [1.45, 1.48],
        Content.PROSE: [1.58],
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_counts_lie_within_the_stated_error(name):
    family = find_family(name)
    for content, ratios in PUBLISHED[name].items():
        for ratio in ratios:
            estimate = family.tokens(10_000, content)
            assert abs(ratio * 10_000 / estimate.n - 1) <= estimate.error, (content, ratio)


def test_unknown_family():
    with pytest.raises(UnknownNameError, match="claude-legcy") as caught:
        find_family("claude-legcy")
    assert "claude-legacy" in caught.value.hint


def test_openai_counters_are_exact_everywhere(engine_choice):
    text = "def f():\n    return '漢字'\n"
    assert family_of("gpt-5").exact_counter()(text) == engine.count(text)
    assert family_of("gpt-4").exact_counter()(text) == engine.count(text, "cl100k_base")


# Counted with the vendors' own files: tokenizer.model of llama-models 0.3.0, qwen.tiktoken of dashscope 2.0.2,
# deepseek_tokenizer.json of litellm 1.109.1, tekken_240911.json of mistral-common 1.13.
VENDOR_TEXT = "def total(xs):\n    # Zürich 東京 12345\n    return sum(x['n'] for x in xs)  # it's <|endoftext|>\n"


@needs_fast
@pytest.mark.parametrize(("family", "tokens"), [("llama3", 36), ("qwen3", 41), ("deepseek-v3", 38), ("mistral", 39)])
def test_other_vocabularies_count_exactly(family, tokens):
    counter = find_family(family).exact_counter()
    assert counter(VENDOR_TEXT) == tokens
    assert counter("") == 0
    assert counter("a\ud800b") == counter("a\ufffdb")


@needs_fast
def test_qwen_counts_the_composed_form():
    counter = find_family("qwen3").exact_counter()
    assert counter("Zu\u0308rich") == counter("Zürich")


@pytest.mark.parametrize("family", ["claude-new", "gemini", "llama4", "qwen", "glm", "kimi", "unknown"])
def test_no_exact_counter_without_a_verified_vocabulary(family):
    assert find_family(family).exact_counter() is None


def test_no_exact_counter_without_the_fast_extra(monkeypatch):
    import sys

    from ctxkit.tokens import splintr_engine

    splintr_engine.open_vocabulary.cache_clear()
    monkeypatch.setitem(sys.modules, "splintr", None)
    assert find_family("llama3").exact_counter() is None
    splintr_engine.open_vocabulary.cache_clear()


@needs_fast
@pytest.mark.parametrize("family", ["llama3", "qwen3", "deepseek-v3", "mistral"])
def test_the_stated_error_holds_on_our_own_sources(family):
    """Where the true vocabulary is at hand the estimate can be put to the test."""
    counted = find_family(family)
    exact = counted.exact_counter()
    with open(engine.__file__, encoding="utf-8") as file:
        text = file.read()
    estimate = counted.tokens(engine.count(text), Content.CODE)
    assert abs(exact(text) / estimate.n - 1) <= estimate.error


def test_framing_by_model():
    assert (framing("claude-opus-4-8").tools_auto, framing("claude-opus-4-8").tools_forced) == (290, 410)
    assert framing("us.anthropic.claude-sonnet-4-5-20250929-v1:0").tools_auto == 496
    assert framing("claude-sonnet-5").tools_auto == 354
    assert framing("gpt-5.2").per_message == 4
    assert framing("gpt-4o").per_message == 3
    assert framing("some-model").source


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("vertex_ai/claude-opus-4-1@20250805", "claude-opus-4-1"),
        ("openrouter/openai/gpt-5:online", "gpt-5"),
        ("Claude-Opus-4-6[1m]", "claude-opus-4-6"),
        ("gemini-2.5-pro-preview-05-2025", "gemini-2-5-pro-preview"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("", ""),
    ],
)
def test_normal_name(spelling, name):
    assert normal_name(spelling) == name
    assert normal_name(name) == name


def test_patterns_do_not_shadow_each_other_wholly():
    """A pattern that an earlier family already takes would never be used."""
    families = all_families()
    for i, family in enumerate(families):
        for pattern in family.models:
            sample = pattern.replace("[0-6]", "3").replace("[5-9]", "5").replace("[4-9]", "5").replace("[a-z]", "x")
            sample = sample.replace("[23]", "3").replace("*", "")
            taken = [earlier.id for earlier in families[:i] if any(fnmatchcase(sample, p) for p in earlier.models)]
            assert not taken, (pattern, taken)
