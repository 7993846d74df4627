"""The JSON Schema of a configuration, with the names that it may use, so that an editor can complete them."""

from __future__ import annotations

from typing import Any

from ctxkit.agents.load import agent_ids
from ctxkit.detect import DETECTORS
from ctxkit.detect.limits import detector_data
from ctxkit.model.finding import Severity


def with_names(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema``, made from :class:`ctxkit.config.Config`, with agents, detectors and thresholds by name."""
    kinds = schema["$defs"]
    config = kinds["Config"]["properties"]
    agents = list(agent_ids())
    config["agents"]["items"] = {"anyOf": [{"enum": agents}, {"pattern": "^[a-z-]+@", "type": "string"}]}
    config["detectors"] = {
        "additionalProperties": False,
        "properties": {name: _detector(name) for name in DETECTORS},
        "type": "object",
    }
    kinds["Ignore"]["properties"]["rule"] = {"enum": list(DETECTORS)}
    kinds["Budget"]["properties"]["agent"] = {"default": "", "enum": ["", *agents]}
    return schema


def _detector(name: str) -> dict[str, Any]:
    thresholds = {
        key: {"default": limit.value, "description": f"{limit.meaning} ({limit.unit})", "minimum": 0, "type": "number"}
        for key, limit in detector_data().limits.get(name, {}).items()
    }
    own = {
        "enabled": {"default": True, "description": "False lets all it finds pass.", "type": "boolean"},
        "severity": {"description": "Instead of its own.", "enum": [severity.value for severity in Severity]},
    }
    return {"additionalProperties": False, "properties": {**own, **thresholds}, "type": "object"}
