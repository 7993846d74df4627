"""JSON Schemas of the files that ctxkit reads and writes, made from the Structs that read and write them."""

from __future__ import annotations

from importlib import import_module

from msgspec import json

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STRUCTS = {
    "agent": ("ctxkit.agents.spec", "AgentSpec", "What one coding agent loads (rules/agents/*.yaml)."),
    "audit": ("ctxkit.report.json", "AuditOut", "What ctxkit audit --format json writes."),
    "baseline": ("ctxkit.baseline", "BaselineFile", "What the gate lets pass for now (.ctxkit-baseline.json)."),
    "baseline-report": (
        "ctxkit.report.baseline_report",
        "BaselineReportOut",
        "What ctxkit baseline --format json writes.",
    ),
    "check": ("ctxkit.report.check_json", "CheckOut", "What ctxkit check --format json writes."),
    "config": ("ctxkit.config", "Config", "What is checked, and how strictly (.ctxkit.yaml)."),
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
    if name == "config":
        from ctxkit.report.config_schema import with_names

        schema = with_names(schema)
    return json.format(json.encode(schema, order="sorted"), indent=2) + b"\n"
