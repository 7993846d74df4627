"""Models: complete data, tolerant names."""

from __future__ import annotations

import datetime
import importlib.util
import json
import re
from pathlib import Path

import pytest

from ctxkit.model import UnknownNameError
from ctxkit.tokens.families import family_of
from ctxkit.tokens.models import all_models, find_model

SCRIPT = Path(__file__).parents[2] / "scripts" / "update_models.py"
MODELS = pytest.mark.parametrize("model", all_models(), ids=lambda model: model.id)


@MODELS
def test_every_model_is_complete(model):
    assert 4_000 < model.window <= 10_000_000
    assert 0 < model.max_output <= model.window
    assert model.source
    datetime.date.fromisoformat(model.date)
    tiers = [model.prices, *(tier.prices for tier in model.long)]
    for prices in tiers:
        assert 0 < prices.input <= prices.output
        assert prices.cached_read is None or 0 < prices.cached_read < prices.input
        if prices.cache_write_5m is not None and prices.cache_write_1h is not None:
            assert prices.input < prices.cache_write_5m < prices.cache_write_1h
    above = [tier.above for tier in model.long]
    assert above == sorted(set(above))


@MODELS
def test_the_family_is_the_one_that_the_name_says(model):
    assert model.family == family_of(model.id).id
    assert model.tokenizer.id == model.family


@MODELS
def test_a_model_is_found_by_its_own_names(model):
    for name in (model.id, *model.aliases, model.id.upper(), f"some-provider/{model.id}", f"{model.id}-20261120"):
        assert find_model(name) == model


def test_all_providers_are_there():
    providers = {model.provider for model in all_models()}
    assert providers >= {"anthropic", "openai", "google", "xai", "deepseek", "alibaba", "mistral", "moonshot", "zai"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("gpt-5.2-codex-high", "gpt-5.2-codex"),
        ("gpt-5.1-codex-max", "gpt-5.1-codex-max"),
        ("openai/gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gemini-3.1-pro", "gemini-3.1-pro-preview"),
        ("gemini/gemini-2.5-flash-latest", "gemini-2.5-flash"),
        ("gpt-4-0613", "gpt-4"),
        ("mistral-large-latest", "mistral-large-4"),
    ],
)
def test_spellings(name, found):
    assert find_model(name).id == found


def test_the_large_window_of_claude_code():
    assert find_model("claude-sonnet-4-5").window == 200_000
    assert find_model("claude-sonnet-4-5[1m]").window == 1_000_000


def test_unknown_model_names_the_nearest():
    with pytest.raises(UnknownNameError, match="claude-sonet-5") as caught:
        find_model("claude-sonet-5")
    assert "claude-sonnet-5" in caught.value.hint
    assert caught.value.hint.endswith("See them all with: ctxkit models")
    with pytest.raises(UnknownNameError):
        find_model("qwen3:30b")


@pytest.mark.parametrize("name", ["nope", "claude-sonet-5", "gpt", "", "x" * 300])
def test_the_hint_of_an_unknown_model_names_three_at_most(name):
    with pytest.raises(UnknownNameError) as caught:
        find_model(name)
    assert len([model for model in all_models() if model.id in re.findall(r"[\w.-]+", caught.value.hint)]) <= 3
    assert caught.value.hint.endswith("See them all with: ctxkit models")


def test_prices_by_the_size_of_the_input():
    model = find_model("gemini-2.5-pro")
    tier = model.long[0]
    assert model.prices_at(tier.above) == model.prices
    assert model.prices_at(tier.above + 1) == tier.prices
    assert tier.prices.input > model.prices.input
    assert find_model("claude-opus-4-6").prices_at(900_000).input == find_model("claude-opus-4-6").prices.input


def script():
    spec = importlib.util.spec_from_file_location("update_models", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_reads_an_entry():
    entry = {
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 1.2e-05,
        "cache_read_input_token_cost": 0.0,
        "input_cost_per_token_above_200k_tokens": 4e-06,
        "output_cost_per_token_above_200k_tokens": 1.8e-05,
        "input_cost_per_token_above_200k_tokens_priority": 9e-06,
        "max_input_tokens": 1000,
        "max_output_tokens": 10,
    }
    module = script()
    assert module.tiers(entry) == [(0, {"input": 2, "output": 12}), (200_000, {"input": 4, "output": 18})]
    text = module.render("google", "Gemini-9", ("nine",), entry, "list 1", "2026-11-20")
    assert "id: gemini-9" in text
    assert "family: gemini" in text
    assert "- {above: 200000, prices: {input: 4, output: 18}}" in text


def test_the_script_refuses_a_list_without_a_chosen_model(tmp_path, monkeypatch):
    source = tmp_path / "list.json"
    source.write_text(json.dumps({}))
    monkeypatch.setattr("sys.argv", ["x", str(source), "--source", "s", "--date", "2026-11-20"])
    with pytest.raises(SystemExit, match="not in the list: claude-opus-5-5"):
        script().main()
