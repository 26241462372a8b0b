"""What a machine lacks skips tests with a hint, and fails CI; tox tests what it installed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.process import python_path

pytestmark = pytest.mark.once


CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def pytest_run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one test that needs a browser where there is none."""
    (tmp_path / "test_page.py").write_text("def test_page(chromium):\n    pass\n")

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name != "CI"}
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
    said = "chromium or google-chrome not found: apt-get install chromium" in done.stdout
    assert (done.returncode, said) == (0, True)


def test_a_run_that_skips_has_failed_in_ci(
    pytest_run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = pytest_run(CI="true")
    assert (done.returncode, "a run that skips tests has failed" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"TOX_ENV_NAME": "py313"}, "tox tests the wheel that it built, but this is {folder}"),
        ({"TOX_ENV_NAME": None}, "this is {folder}, which need not be the package of {checkout}"),
    ],
)
def test_a_package_from_elsewhere_is_not_tested(
    pytest_run: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str | None],
    complaint: str,
) -> None:
    folder = tmp_path / "dockerflow"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, value in environment.items():
        monkeypatch.delenv(name, raising=False)
        if value:
            monkeypatch.setenv(name, value)
    done = pytest_run()
    told = complaint.format(folder=folder, checkout=CHECKOUT)
    assert (done.returncode, told in done.stdout) == (1, True)


def test_a_test_file_without_a_database_needs_no_driver() -> None:
    program = f"""
import sys, pytest
sys.modules.update(dict.fromkeys(["psycopg", "pymysql", "redis"]))
sys.exit(pytest.main(["-q", "{CHECKOUT}/tests/conf/test_kinds.py"]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "TOX_ENV_NAME"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
    assert done.returncode == 0
