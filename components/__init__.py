"""The steps of the pipeline, one folder each.

The artifact types are reached as `components.DataReport` and so on, because TFX imports a custom type by its
`TYPE_NAME`. They load on first use, so that `import components` stays free of TFX.
"""

from __future__ import annotations

from typing import Any

ARTIFACT_TYPES = ("DataReport", "GatheredRows", "LinearFit", "Report", "Verdict")


def __getattr__(name: str) -> Any:
    if name in ARTIFACT_TYPES:
        from components import artifact_types

        return getattr(artifact_types, name)
    raise AttributeError(f"module 'components' has no attribute {name!r}")
