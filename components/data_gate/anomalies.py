"""Anomalies of TensorFlow Data Validation in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.report import Anomaly


def describe(anomalies: Mapping[str, anomalies_pb2.Anomalies]) -> list[Anomaly]:
    """Every anomaly.

    Args:
      anomalies: what ExampleValidator found, by split.
    """
    rows: list[Anomaly] = []
    for split, found in anomalies.items():
        infos: list[tuple[str, Any]] = [(name, found.anomaly_info[name]) for name in sorted(found.anomaly_info)]
        if found.HasField("dataset_anomaly_info"):
            infos.append(("(table)", found.dataset_anomaly_info))
        for feature, info in infos:
            for reason in info.reason or [info]:
                rule = reason.short_description.rstrip(".")
                rows.append(Anomaly(split=split, feature=feature, rule=rule, seen=reason.description.strip()))
        if found.data_missing:
            rows.append(Anomaly(split=split, feature="(table)", rule="Rows must be there", seen="No rows."))
    return rows
