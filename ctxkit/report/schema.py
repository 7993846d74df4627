"""JSON Schemas of the files that ctxkit reads and writes, made from the Structs that read and write them."""

from __future__ import annotations

from importlib import import_module

from msgspec import json

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STRUCTS = {
    "agent": ("ctxkit.agents.spec", "AgentSpec", "What one coding agent loads (rules/agents/*.yaml)."),
    "audit": ("ctxkit.report.json", "AuditOut", "What ctxkit audit --format json writes."),
    "detectors": ("ctxkit.report.explain_json", "DetectorsOut", "What ctxkit explain --format json writes."),
    "diff": ("ctxkit.report.diff_json", "DiffOut", "What ctxkit diff --format json writes."),
    "generated": (
        "ctxkit.sources.generated",
        "GeneratedRules",
        "Which files are not written by hand (rules/generated.yaml).",
    ),
    "history": ("ctxkit.report.history_json", "HistoryOut", "What ctxkit history SESSION --format json writes."),
    "models": ("ctxkit.tokens.models", "ModelData", "Windows and prices (rules/models.yaml)."),
    "sessions": ("ctxkit.report.sessions_json", "SessionsOut", "What ctxkit history PATH --format json writes."),
    "tools": ("ctxkit.report.tools_json", "ToolsOut", "What ctxkit tools --format json writes."),
    "tokenizers": ("ctxkit.tokens.families", "TokenizerData", "Tokenizer families (rules/tokenizers.yaml)."),
}

GENERATED = tuple(sorted(_STRUCTS))
"""Names of these schemas; each is kept in ``rules/schema/<name>.json``, beside those that are written by hand."""


def schema_json(name: str) -> bytes:
    """The schema ``name`` (one of ``GENERATED``) as indented JSON with sorted keys."""
    module, struct, title = _STRUCTS[name]
    schema: dict[str, object] = {"$schema": _DIALECT, "title": title}
    schema |= json.schema(getattr(import_module(module), struct))
    return json.format(json.encode(schema, order="sorted"), indent=2) + b"\n"
