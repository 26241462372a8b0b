"""The tests' settings with tests.pages and the ready-made LOGGING, for real servers."""

from tests.logging_settings import *  # noqa: F403

ROOT_URLCONF = "tests.pages"
