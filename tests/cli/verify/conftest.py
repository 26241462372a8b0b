"""What the tests of ``python -m dockerflow verify`` share."""

import json
from pathlib import Path

import pytest

from tests.support import container_app


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The directory of an application, with its version.json."""
    (tmp_path / "version.json").write_text(json.dumps(container_app.VERSION))
    return tmp_path
