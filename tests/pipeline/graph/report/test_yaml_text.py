from pathlib import Path

import pytest
import yaml

from pipeline.config.file import Config, load_config
from pipeline.graph.report.yaml_text import config_yaml

REPOSITORY = Path(__file__).parents[4]
CONFIGS = sorted(REPOSITORY.glob("data/*/*.yaml"))


def written(config):
    return config.model_dump(mode="json", exclude={"targets", "beam"}, exclude_unset=True, by_alias=True)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_written_is_the_same_configuration(path):
    config = load_config(path)
    text = config_yaml(written(config))
    assert str(REPOSITORY) not in text
    assert Config.model_validate(yaml.safe_load(text)).fingerprint() == config.fingerprint()
    assert max(map(len, text.splitlines())) < 125


def test_it_reads_as_a_person_writes():
    config = load_config(REPOSITORY / "data" / "taxi" / "pipeline.yaml")
    lines = config_yaml(written(config)).splitlines()
    assert "label: {column: fare, unit: dollars}" in lines
    assert "  trip_start_month: numeric" in lines
    assert "  company: {kind: categorical, vocabulary: 12}" in lines
    assert "  split: {train: 0.8, eval: 0.2}" in lines
    assert "  path: data.csv" in lines
    assert "schema: schema.pbtxt" in lines


def test_a_short_one_has_a_line_a_section():
    said = {"name": "n", "data": {"path": "/a/t.csv"}, "label": {"column": "y"}, "features": {"x": {"kind": "numeric"}}}
    assert config_yaml(said).splitlines() == ["name: n", "data: {path: t.csv}", "label: y", "features: {x: numeric}"]
