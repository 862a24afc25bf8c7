import pytest

from components.errors import ConfigError
from pipeline.cli.loading import load
from tests.conftest import REPOSITORY

SEED = (REPOSITORY / "data/seed/pipeline.yaml").read_text()


@pytest.mark.parametrize("step", ["trainer", "Baseline"])
def test_resources_of_no_step_with_a_container_are_refused(tmp_path, step):
    config = tmp_path / "pipeline.yaml"
    config.write_text(
        f"{SEED}targets:\n  kubeflow: {{data: gs://b/t.csv, serving: gs://b/m, resources: {{{step}: {{cpu: 2}}}}}}\n"
    )
    with pytest.raises(
        ConfigError, match=f"targets.kubeflow.resources: no step with a container is called '{step}'. They are: Ex"
    ):
        load(config)
    config.write_text(config.read_text().replace(f"{step}:", "Trainer:"))
    assert load(config).targets.get("kubeflow").resources["Trainer"].cpu == 2
