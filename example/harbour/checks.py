"""The check that only this project can make: is there anything to show?"""

from typing import Any

from django.core.checks import CheckMessage, Error, Info
from django.db import DatabaseError

from harbour.models import Berth


def check_berths_loaded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The board has berths; it has none in a database that was restored without its data."""
    try:
        loaded = Berth.objects.exists()
    except DatabaseError as error:  # about which Dockerflow's own checks have the last word
        return [Info(f"The berths cannot be read: {error}", id="harbour.I001")]
    if loaded:
        return []
    return [Error("The board is empty: no berth was loaded", id="harbour.E001")]
