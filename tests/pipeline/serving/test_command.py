from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, plumbline

SERVE = ("serve", REPOSITORY / "data" / "seed" / "pipeline.yaml", "--rest-port", "0", "--grpc-port", "0")


def config(*names: str) -> str:
    entries = "".join(f'config {{ name: "{name}" base_path: "{name}" model_platform: "tensorflow" }}' for name in names)
    return f"model_config_list {{ {entries} }}"


def test_options_that_do_not_fit_together(tmp_path: Path) -> None:
    for options, words in (
        (("--models-poll-seconds", "1"), "--models-poll-seconds: expected --models FILE too"),
        (("--server", "tf", "--workers", "2", "--models", "x"), "TF Serving has no like of --workers. Leave it away."),
        (("--workers", "0"), "Invalid value for '--workers': 0 is not in the range x>=1."),
    ):
        done = plumbline(*SERVE, "--root", tmp_path, *options)
        assert done.code == 2
        assert words in done.err


@pytest.mark.e2e
def test_the_models_file_is_looked_at_again(tmp_path: Path) -> None:
    from pipeline.serving.command import ModelsFile, ServedFolder, served_models

    file = tmp_path / "models.config"
    file.write_text(config("seed", "other"))
    folder = ServedFolder("seed", tmp_path / "R" / "seed", file)
    models = served_models(folder)
    assert [(model.name, model.base_path) for model in models] == [
        ("seed", tmp_path / "R" / "seed"),
        ("other", tmp_path / "other"),
    ]
    said: list[str] = []
    looked = ModelsFile(folder, models, said.append)
    assert looked.changed() is None
    file.write_text(config("seed", "other")[:-3])
    assert (looked.changed(), looked.changed()) == (None, None)
    assert len(said) == 1
    assert said[0].startswith(f"{file}: not readable as TF Serving's ModelServerConfig: ")
    assert said[0].endswith("Correct the file. Until then, nothing changes.")
    file.write_text(config("other"))
    changed = looked.changed()
    assert changed is not None
    assert [model.name for model in changed] == ["other"]
    assert looked.changed() is None
    file.unlink()
    assert looked.changed() is None
    assert len(said) == 2


@pytest.mark.e2e
def test_a_server_that_could_serve_nothing_ends(tmp_path: Path) -> None:
    file = tmp_path / "models.config"
    file.write_text(config("empty", "broken"))
    (tmp_path / "broken" / "3").mkdir(parents=True)
    done = plumbline(*SERVE, "--root", tmp_path / "R", "--workers", "1", "--models", file)
    assert (done.code, done.out) == (1, "")
    [line] = [line for line in done.err.splitlines() if line.startswith("plumbline: ")]
    assert (
        f"nothing can be served: empty: no version to serve was found in {tmp_path / 'empty'}; broken: version 3 "
        in line
    )
    assert "can't be loaded: Could not find SavedModel .pb or .pbtxt" in line
    assert line.endswith("Publish a version that can be loaded.")
    assert "another is started" not in done.err
