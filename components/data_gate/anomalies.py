"""Anomalies of TensorFlow Data Validation in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2


def describe(anomalies: Mapping[str, anomalies_pb2.Anomalies]) -> list[dict[str, str]]:
    """Every anomaly, as a person can read it.

    Args:
      anomalies: what ExampleValidator found, by split.

    Returns:
      One `{"split", "feature", "rule", "seen"}` for each; `feature` is `(table)` for what concerns the whole table.
    """
    rows: list[dict[str, str]] = []
    for split, found in anomalies.items():
        infos: list[tuple[str, Any]] = [(name, found.anomaly_info[name]) for name in sorted(found.anomaly_info)]
        if found.HasField("dataset_anomaly_info"):
            infos.append(("(table)", found.dataset_anomaly_info))
        for feature, info in infos:
            for reason in info.reason or [info]:
                rows.append(
                    {
                        "split": split,
                        "feature": feature,
                        "rule": reason.short_description.rstrip("."),
                        "seen": reason.description.strip(),
                    }
                )
        if found.data_missing:
            rows.append({"split": split, "feature": "(table)", "rule": "Rows must be there", "seen": "No rows."})
    return rows


def sentence(anomaly: Mapping[str, str]) -> str:
    """One anomaly as one line."""
    return f"split {anomaly['split']}, feature {anomaly['feature']}: {anomaly['rule']}. Seen: {anomaly['seen']}"
