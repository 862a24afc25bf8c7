import pytest

from components.errors import ConfigError
from pipeline.beam.engine import code_of, job_name, own_code, run_of
from pipeline.beam.engines import ENGINES, chosen
from pipeline.config.beam import Beam, EngineName

POOL = {"type": "EXTERNAL", "config": "localhost:50000"}


def section(**keys):
    return Beam.model_validate(keys)


def test_every_name_of_the_configuration_is_an_engine():
    assert tuple(ENGINES) == ("local", "flink", "spark", "portable", "dataflow")
    assert set(ENGINES) == set(EngineName.__args__)


def test_all_that_is_missing_is_told_at_once():
    with pytest.raises(
        ConfigError, match=r"^beam\.environment, beam\.master: the engine flink needs this, and it is missing"
    ):
        chosen(section(), "flink", "beam")


def test_a_key_of_another_engine_is_told():
    with pytest.raises(ConfigError, match=r"^t\.beam\.endpoint: the engine flink does not take this key\. Remove it"):
        chosen(section(engine="flink", master="h:1", environment=POOL, endpoint="h:2"), None, "t.beam")


def test_a_command_may_name_another_engine_than_the_configuration():
    """The keys of the one that is written down are no mistake then."""
    written = section(engine="flink", master="h:1", environment=POOL)
    assert chosen(written, "local", "beam").name == "local"
    assert chosen(written, None, "beam").name == "flink"


def test_an_unknown_engine():
    with pytest.raises(ConfigError, match=r"^--beam: unknown engine 'flunk'\. The engines: local, flink, spark"):
        chosen(section(), "flunk", "beam")


def test_a_jobs_name_has_the_run_and_the_code():
    name = job_name("plumbline-taxi-fare-0a1b2c3d")
    assert run_of(name) == "plumbline-taxi-fare-0a1b2c3d"
    assert code_of(name) == own_code()
    assert len(own_code()) == 12
    assert run_of("plumbline-other") == "plumbline-other"
    assert code_of("plumbline-other") is None
    assert code_of("") is None
