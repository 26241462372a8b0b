"""An empty BASE_DIR whose settings file is looked at on every read."""

import os
import tempfile
from pathlib import Path

import pytest

from dockerflow.conf import sources


@pytest.fixture(autouse=True)
def base_dir(tmp_path, settings, monkeypatch):
    """An empty BASE_DIR, in an environment without a setting of Dockerflow."""
    for name in [name for name in os.environ if name.startswith("DOCKERFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("BASE_DIR", raising=False)
    monkeypatch.setattr(sources, "INTERVAL", 0)
    settings.BASE_DIR = tmp_path / "project"
    settings.BASE_DIR.mkdir()
    return settings.BASE_DIR


@pytest.fixture
def shared():
    """A folder that every user may look into, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "project"
        path.parent.chmod(0o755)
        path.mkdir(mode=0o755)
        yield path
