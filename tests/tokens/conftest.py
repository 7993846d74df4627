from __future__ import annotations

import importlib.util

import pytest

needs_fast = pytest.mark.skipif(
    importlib.util.find_spec("splintr") is None, reason="the fast extra (splintr-rs) is not installed"
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CTXKIT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(params=["tiktoken", pytest.param("fast", marks=needs_fast)])
def engine_choice(request, monkeypatch):
    """Runs a test once with each engine."""
    monkeypatch.setenv("CTXKIT_ENGINE", request.param)
    return request.param
