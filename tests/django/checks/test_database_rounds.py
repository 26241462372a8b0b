"""What checks of databases share within a heartbeat, and leave to nobody after it."""

import time

from asgiref.sync import sync_to_async
from django.test import Client, override_settings

from dockerflow.django.checks.connecting import Database
from tests.support.databases import database


async def check_from_another_thread(app_configs, **kwargs):
    """Uses a database in the thread of synchronous code, and not in that of the check."""
    await sync_to_async(lambda: Database("rounds").select("SELECT 1"))()
    return []


@override_settings(
    DOCKERFLOW_HEARTBEAT_DETAILS="always",
    DOCKERFLOW_HEARTBEAT_TIMEOUT=0.5,
    DOCKERFLOW_CHECKS=[f"{__name__}.check_from_another_thread", "check_database_connected[rounds]"],
)
def test_a_check_that_has_ended_keeps_no_other_from_its_database(tmp_path, django_db_blocker):
    file = tmp_path / "rounds.sqlite3"
    file.touch()
    alias = database("rounds", ENGINE="django.db.backends.sqlite3", NAME=str(file))
    with django_db_blocker.unblock(), alias:
        for _ in range(3):
            answer = Client().get("/__heartbeat__").json()
            time.sleep(0.5)

            assert answer["checks"] == {
                "check_from_another_thread": "ok",
                "check_database_connected": "ok",
            }
