import pytest

from components.errors import RunError
from pipeline.config.file import load_config
from pipeline.graph.steps.infra_validator import check_docker
from tests.conftest import REPOSITORY


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # Docker's library leaves its socket open
def test_no_docker_is_said_with_the_way_out(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    config = load_config(REPOSITORY / "data/seed/pipeline.yaml")
    check_docker(config)  # asks for none
    serve = config.serve.model_copy(update={"infra_validator": "2.19.1"})
    with pytest.raises(
        RunError,
        match=r"runs tensorflow/serving:2\.19\.1 by Docker, and no Docker daemon answers here .*remove the key",
    ):
        check_docker(config.model_copy(update={"serve": serve}))
