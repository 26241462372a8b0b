"""Fixtures for the tests of logs."""

import pytest

from tests.support.records import Log


@pytest.fixture
def log() -> Log:
    return Log()
