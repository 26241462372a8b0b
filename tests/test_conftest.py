"""What a machine lacks skips tests with a hint, and fails CI; tox tests what it installed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.process import python_path

pytestmark = pytest.mark.once


@pytest.fixture
def pytest_run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one test that needs a browser where there is none."""
    (tmp_path / "test_page.py").write_text("def test_page(chromium):\n    pass\n")

    inherited = {
        name: value for name, value in os.environ.items() if name not in {"CI", "TOX_ENV_NAME"}
    }

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-ra", "-p", "tests.conftest", "-p", "no:django"],
            cwd=tmp_path,
            env={**inherited, "PATH": str(tmp_path), "PYTHONPATH": python_path(), **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )

    return run


def test_what_is_missing_skips_a_test_and_says_how_to_get_it(
    pytest_run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = pytest_run()
    said = "chromium not found: apt-get install chromium" in done.stdout
    assert (done.returncode, said) == (0, True)


def test_a_run_that_skips_has_failed_in_ci(
    pytest_run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = pytest_run(CI="true")
    assert (done.returncode, "a run that skips tests has failed" in done.stdout) == (1, True)


def test_tox_refuses_to_test_anything_but_the_installed_package(
    pytest_run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "dockerflow.py").touch()
    done = pytest_run(TOX_ENV_NAME="py312")
    assert (done.returncode, str(tmp_path / "dockerflow.py") in done.stdout) == (1, True)
