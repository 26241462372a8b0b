"""The tests' settings with tests.support.pages and the ready-made LOGGING, for real servers."""

from tests.support.logging_settings import *  # noqa: F403

ROOT_URLCONF = "tests.support.pages"
