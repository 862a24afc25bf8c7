import pytest

from components.errors import ConfigError
from pipeline.config.addresses import check_image, check_pipeline_root

DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    "image",
    [
        "plumbline:0.1.0",
        f"plumbline{DIGEST}",
        f"plumbline:latest{DIGEST}",
        "europe-docker.pkg.dev/p/r/plumbline:1-rc.2",
        "host:5000/a/b:c",
    ],
)
def test_images_that_say_which_one(image):
    check_image(image)


@pytest.mark.parametrize(
    "image",
    ["plumbline", "plumbline:latest", "host:5000/a/b", "", "a b:1", "gs://x/y:1", "Plumbline:1", "p@sha256:abc"],
)
def test_images_that_do_not(image):
    with pytest.raises(ConfigError, match="--image: expected") as caught:
        check_image(image)
    assert repr(image) in str(caught.value)


@pytest.mark.parametrize(
    ("target", "root"),
    [("vertex", "gs://b/r"), ("kubeflow", "gs://b"), ("kubeflow", "s3://b/r"), ("kubeflow", "minio://b/v2/artifacts")],
)
def test_pipeline_roots(target, root):
    check_pipeline_root(target, root)


@pytest.mark.parametrize(
    ("target", "root"),
    [
        ("vertex", "s3://b/r"),
        ("vertex", "minio://b"),
        ("vertex", "runs"),
        ("kubeflow", "/r"),
        ("kubeflow", "gs:///r"),
        ("vertex", "gs://b/a b"),
    ],
)
def test_wrong_pipeline_roots(target, root):
    with pytest.raises(ConfigError, match=f"--pipeline-root: for {target} expected gs://bucket/path"):
        check_pipeline_root(target, root)
