"""Write rules/models.yaml anew from LiteLLM's price list.

    python scripts/update_models.py LIST.json --source "litellm 1.106.2" --date 2026-11-20

The list (MIT) lies in the wheel of litellm as model_prices_and_context_window_backup.json. Only figures are taken from
it: window, largest answer and prices of the models named in ``CHOSEN``; one that the list does not hold is an error.
The tokenizer family comes from the patterns of rules/tokenizers.yaml.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ctxkit.data import data_file
from ctxkit.tokens.families import family_of


def _same(names: str, prefix: str = "") -> dict[str, tuple[str, tuple[str, ...]]]:
    """Models whose key in the list is their name behind a prefix."""
    return {name: (prefix + name, ()) for name in names.split()}


# provider: {our id: (key in the list, aliases)}
CHOSEN: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "anthropic": {
        "claude-opus-5-5": ("claude-opus-5-5", ("opus",)),
        "claude-sonnet-5-5": ("claude-sonnet-5-5", ("sonnet",)),
        "claude-haiku-5-5": ("claude-haiku-5-5", ("haiku",)),
        "claude-fable-5-1": ("claude-fable-5-1", ("fable",)),
        "claude-mythos-5-1": ("claude-mythos-5-1", ("mythos",)),
        "claude-opus-5": ("claude-opus-5", ()),
        "claude-sonnet-5": ("claude-sonnet-5", ()),
        "claude-fable-5": ("claude-fable-5", ()),
        "claude-mythos-5": ("claude-mythos-5", ()),
        "claude-opus-4-8": ("claude-opus-4-8", ()),
        "claude-opus-4-7": ("claude-opus-4-7", ()),
        "claude-opus-4-6": ("claude-opus-4-6", ()),
        "claude-sonnet-4-6": ("claude-sonnet-4-6", ()),
        "claude-opus-4-5": ("claude-opus-4-5", ()),
        "claude-sonnet-4-5": ("claude-sonnet-4-5", ()),
        "claude-haiku-4-5": ("claude-haiku-4-5", ()),
        "claude-opus-4-1": ("anthropic.claude-opus-4-1-20250805-v1:0", ()),
        "claude-opus-4": ("anthropic.claude-opus-4-20250514-v1:0", ()),
        "claude-sonnet-4": ("anthropic.claude-sonnet-4-20250514-v1:0", ()),
    },
    "openai": _same(
        """
        gpt-6.1-sol gpt-6-sol gpt-6-astra gpt-6-luna gpt-5.6 gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5 gpt-5.5-pro
        gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.3-codex gpt-5.2 gpt-5.2-codex gpt-5.1 gpt-5.1-codex gpt-5.1-codex-max
        gpt-5.1-codex-mini gpt-5 gpt-5-codex gpt-5-mini gpt-5-nano gpt-4.1 gpt-4.1-mini gpt-4o gpt-4o-mini gpt-4-turbo
        gpt-4 gpt-3.5-turbo o3 o4-mini
        """
    ),
    "google": _same(
        """
        gemini-4-argon gemini-3.8-flash gemini-3.7-flash gemini-3.6-flash gemini-3.5-flash gemini-3.5-flash-lite
        gemini-3.1-pro-preview gemini-3.1-flash-lite gemini-3-flash-preview gemini-2.5-pro gemini-2.5-flash
        gemini-2.5-flash-lite
        """,
        "gemini/",
    ),
    "xai": _same("grok-4.7 grok-4.6 grok-4.5 grok-4.3 grok-build-0.1 grok-code-fast-1", "xai/"),
    "deepseek": {
        "deepseek-v4-pro": ("deepseek-v4-pro", ()),
        "deepseek-v4-flash": ("deepseek-v4-flash", ("deepseek-flash",)),
        "deepseek-v3.2": ("deepseek/deepseek-v3.2", ()),
        "deepseek-chat": ("deepseek-chat", ()),
        "deepseek-reasoner": ("deepseek-reasoner", ()),
    },
    "alibaba": _same(
        "qwen3.8-max qwen3.8-flash qwen3.7-max qwen3.7-plus qwen3.5-plus qwen3-max qwen3-coder-plus", "dashscope/"
    ),
    "mistral": {
        "mistral-large-4": ("mistral/mistral-large-4", ("mistral-large",)),
        "mistral-medium-3.5": ("mistral/mistral-medium-3.5", ("mistral-medium",)),
        "devstral": ("mistral/devstral-latest", ()),
        "codestral-2508": ("mistral/codestral-2508", ("codestral",)),
    },
    "moonshot": _same("kimi-k3 kimi-k2.7-code kimi-k2.6 kimi-k2.5", "moonshot/"),
    "zai": _same("glm-5.3 glm-5.2 glm-5.1 glm-5 glm-4.7 glm-4.6 glm-4.5-air", "zai/"),
    "minimax": _same("MiniMax-M3 MiniMax-M2.5", "minimax/"),
    "groq": _same("gpt-oss-120b gpt-oss-20b", "groq/openai/"),
    "cerebras": _same("llama-3.3-70b", "cerebras/"),
}

PRICES = {
    "input": "input_cost_per_token",
    "cached_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "output": "output_cost_per_token",
}

HEAD = """\
# Windows and prices of the models that coding agents use, made by scripts/update_models.py: do not edit by hand.
# prices: US dollars per million tokens, standard tier, text. A price that is not there does not exist or is not
# published; then a cached token costs what an input token costs. long: the prices of every token of a request whose
# input is above so many tokens. window: the largest input in tokens. source: where the list has the prices from.
# The short aliases opus, sonnet, haiku, fable and mythos stand for the newest model of their line in the list.
"""


def prices(entry: dict[str, Any], suffix: str = "") -> dict[str, float]:
    """Our prices from one entry; the list writes 0 for a price that does not exist."""
    found = {name: entry.get(key + suffix) for name, key in PRICES.items()}
    return {name: round(price * 1e6, 6) for name, price in found.items() if price}


def tiers(entry: dict[str, Any]) -> list[tuple[int, dict[str, float]]]:
    """The prices of an entry by the size of the input, as (above how many tokens, prices), smallest first."""
    if "tiered_pricing" in entry:
        return [(int(tier["range"][0]), prices(tier)) for tier in entry["tiered_pricing"]]
    start, end = "input_cost_per_token_above_", "k_tokens"
    limits = sorted(int(key[len(start) : -len(end)]) for key in entry if key.startswith(start) and key.endswith(end))
    return [(0, prices(entry)), *((limit * 1000, prices(entry, f"_above_{limit}k_tokens")) for limit in limits)]


def flow(values: dict[str, float]) -> str:
    return "{" + ", ".join(f"{name}: {value:g}" for name, value in values.items()) + "}"


def render(provider: str, name: str, aliases: tuple[str, ...], entry: dict[str, Any], source: str, date: str) -> str:
    window = entry.get("max_input_tokens") or entry["max_tokens"]
    (_, first), *longer = tiers(entry)
    lines = [f"- id: {name.lower()}"]
    if aliases:
        lines.append(f"  aliases: [{', '.join(aliases)}]")
    lines += [
        f"  provider: {provider}",
        f"  family: {family_of(name).id}",
        f"  window: {window}",
        f"  max_output: {entry.get('max_output_tokens') or entry.get('max_tokens') or window}",
        f"  prices: {flow(first)}",
    ]
    if longer:
        lines.append("  long:")
        lines += [f"  - {{above: {above}, prices: {flow(found)}}}" for above, found in longer]
    origin = entry.get("source")
    lines.append(f"  source: {json.dumps(f'{source}: {origin}' if origin else source)}")
    lines.append(f'  date: "{date}"')
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("--source", required=True, help="name and version of the package the list is from")
    parser.add_argument("--date", required=True, help="day on which the list was taken, YYYY-MM-DD")
    options = parser.parse_args()
    entries = json.loads(options.list.read_text(encoding="utf-8"))
    missing = [key for models in CHOSEN.values() for key, _ in models.values() if key not in entries]
    if missing:
        sys.exit(f"not in the list: {', '.join(missing)}")
    body = "".join(
        render(provider, name, aliases, entries[key], options.source, options.date)
        for provider, models in CHOSEN.items()
        for name, (key, aliases) in models.items()
    )
    Path(data_file("models.yaml")).write_text(HEAD + "models:\n" + body, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
