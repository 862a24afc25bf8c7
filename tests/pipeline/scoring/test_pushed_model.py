"""`predict` on a version whose files are not what was published."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from components.errors import RunError
from tests.conftest import plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROW = {
    "trip_miles": 3, "trip_seconds": 600, "trip_start_hour": 9, "trip_start_month": 5, "pickup_latitude": 41.9,
    "pickup_longitude": -87.6, "dropoff_latitude": 41.88, "dropoff_longitude": -87.65, "payment_type": "Cash",
    "company": "Taxi Affiliation Services",
}  # fmt: skip


@pytest.fixture
def copied(taxi_run, tmp_path):
    """A root that holds a copy of the pushed version, and the version's folder."""
    pushed = Path(taxi_run.show()["pushed"]["path"])
    return tmp_path, Path(shutil.copytree(pushed, tmp_path / "serving" / "taxi-fare" / pushed.name))


def swap_two_lines(version):
    """Two levels of a feature change places in the vocabularies: each gets the other's coefficient. No length changes."""
    path = version / "assets" / "vocabularies"
    first, second, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([second, first, *others]))


def test_a_damaged_version_is_not_answered_from(taxi_run, copied):
    root, version = copied
    whole = plumbline("predict", taxi_run.config, "--root", root, "--json", json.dumps(ROW))
    assert (whole.code, whole.err) == (0, "")
    swap_two_lines(version)
    damaged = plumbline("predict", taxi_run.config, "--root", root, "--json", json.dumps(ROW))
    assert (damaged.code, damaged.out) == (1, "")
    assert f"{version}: assets/vocabularies is changed: 3" in damaged.err
    assert "where its manifest lists 3" in damaged.err
    assert damaged.err.rstrip().endswith("Publish the model again, from a whole copy.")


def test_serve_does_not_load_it_and_says_why(taxi_run, copied):
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import load_version

    root, version = copied
    load_version("taxi-fare", 1, version).close()
    swap_two_lines(version)
    with pytest.raises(RequestError, match=r"assets/vocabularies is changed: .* where its manifest lists"):
        load_version("taxi-fare", 1, version)
    done = plumbline("serve", taxi_run.config, "--root", root, "--rest-port", "0", "--grpc-port", "0")
    assert (done.code, done.out) == (1, "")
    assert f"taxi-fare: version {version.name} can't be loaded: {version}: assets/vocabularies" in done.err


def test_a_version_without_a_manifest_or_of_others(taxi_run, tmp_path):
    from pipeline.config.file import load_config
    from pipeline.scoring.pushed_model import PushedModel

    folder = tmp_path / "serving" / "taxi-fare" / "7"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"x")
    config = load_config(taxi_run.config)
    with pytest.raises(RunError, match=r"taxi-fare/7: has no manifest\.json, so its files can't be checked"):
        PushedModel(config, tmp_path)
    (folder / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(RunError, match=r"taxi-fare/7: saved_model\.pb is extra"):
        PushedModel(config, tmp_path)
    (folder / "saved_model.pb").unlink()
    with pytest.raises(RunError, match=r"taxi-fare/7: has no model\.json, so it is no model of Plumbline's"):
        PushedModel(config, tmp_path)
