"""The tests' settings with the ready-made LOGGING."""

from dockerflow.logging import config
from tests.settings import *  # noqa: F403

LOGGING = config()
