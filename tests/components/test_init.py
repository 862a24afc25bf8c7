import subprocess
import sys

import pytest

import components
from tests.conftest import REPOSITORY


def test_import_is_light():
    code = "import components, sys; assert not {'tfx', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = components.Nothing


@pytest.mark.e2e
@pytest.mark.usefixtures("tfx_loaded")
def test_artifact_types_are_reached_by_their_type_name():
    from tfx.types import artifact_utils

    for name in components.ARTIFACT_TYPES:
        kind = getattr(components, name)
        assert kind.TYPE_NAME == f"components.{name}"
        assert artifact_utils.get_artifact_type_class(kind().artifact_type) is kind
