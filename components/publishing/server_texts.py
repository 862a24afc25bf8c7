"""The texts beside the versions that TensorFlow's model server is started with."""

from __future__ import annotations

MODELS_FILE, MONITORING_FILE = "models.config", "monitoring.config"


def server_texts(name: str) -> dict[str, str]:
    """By file name: `--model_config_file` (a ModelServerConfig) and `--monitoring_config_file` (a MonitoringConfig).

    The server is to find the folder that holds the versions at `/models/<name>`, as TF Serving's image has it.
    """
    return {
        MODELS_FILE: f"""model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}
}}
""",
        MONITORING_FILE: """prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
""",
    }
