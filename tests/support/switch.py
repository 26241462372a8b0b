"""A check that fails while there is a file."""

import os
from pathlib import Path

from django.core.checks import Error


def is_on(app_configs, **kwargs):
    off = Path(os.environ["SWITCH"]).exists()
    return [Error("switched off", id="tests.E002")] if off else []
