"""What is masked in words and commands, and what is not; never in more than linear time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.text.secrets import MASK, without_secrets

if TYPE_CHECKING:
    from typing import Any

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "secrets.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_only_known_shapes_are_masked(case: dict[str, Any]) -> None:
    assert without_secrets(case["text"]) == case["shown"]


@given(st.text(alphabet="abc123:=@/ -_.\"'", max_size=60), st.text(alphabet="ABCdef0123", min_size=20, max_size=40))
def test_a_key_of_a_known_issuer_is_never_shown(around: str, key: str) -> None:
    secret = f"ghp_{key}7x"
    assert secret not in without_secrets(f"{around} {secret} {around}")


@given(st.text(max_size=200))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = without_secrets(text)
    assert without_secrets(once) == once


@pytest.mark.parametrize("unit", ["password ", "a-", "://a:", "bearer ", "token token=", "eyJ", '\\"'])
def test_hostile_words_take_no_longer_than_others(unit: str) -> None:
    assert without_secrets(unit * 30_000).count(MASK) == 0
