import pytest
from pydantic import ValidationError

from pipeline.config.beam import Beam

POOL = {"type": "EXTERNAL", "config": "localhost:50000"}


def test_what_an_engine_may_be_told():
    said = Beam(
        engine="flink",
        master="jobmanager:8081",
        environment=POOL,
        parallelism=2,
        shared=["/mnt/a"],
        options=["--environment_cache_millis=20000", "--flag"],
    )
    assert said.environment is not None
    assert said.environment.config == "localhost:50000"
    assert Beam().engine == "local"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"engine": "dask"}, "Input should be 'local', 'flink', 'spark', 'portable' or 'dataflow'"),
        ({"master": "jobmanager"}, "must be host:port of Flink's JobManager, or spark://host:port"),
        ({"endpoint": "http://h:1/"}, "must be host:port of a Beam job service"),
        ({"environment": {"type": "EXTERNAL", "config": "an-image"}}, "must be host:port of a pool for EXTERNAL"),
        ({"environment": {"type": "LOOPBACK", "config": "x"}}, "Input should be 'EXTERNAL', 'DOCKER' or 'PROCESS'"),
        ({"shared": ["mnt"]}, "must be absolute paths; 'mnt' is none"),
        ({"options": ["runner"]}, "must be flags of Beam"),
        ({"options": ["--runner=X"]}, "'--runner=X' is set by Plumbline. Set 'engine' in this section"),
        ({"options": ["--job_name=x"]}, "'--job_name=x' is set by Plumbline. Leave it out"),
        ({"options": ["--direct_running_mode=multi_processing"]}, "is set by Plumbline. Leave it out"),
        ({"parallelism": 0}, "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_each_mistake_is_told(keys, message):
    with pytest.raises(ValidationError) as caught:
        Beam.model_validate(keys)
    assert message in str(caught.value)


def test_a_list_of_flags_is_told_what_it_has_to_be():
    with pytest.raises(ValidationError, match="must be a mapping with the key engine; flags of Beam are its options"):
        Beam.model_validate(["--runner=DataflowRunner"])
