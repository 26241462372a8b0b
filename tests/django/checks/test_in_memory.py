"""A database in memory: a heartbeat sees what its caller sees, and not an empty one."""

import pytest
from django.core import checks
from django.db import connections

from tests.support.browser import wsgi

PRIVATE = [":memory:", "file::memory:", "file:shop?mode=memory", "file:?mode=memory"]
SHARED = ["file:shop?mode=memory&cache=shared", "file:/shop?vfs=memdb"]


def counts_orders(app_configs, **kwargs):
    with connections["shop"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders")
        [(number,)] = cursor.fetchall()
    return [checks.Info(f"{number} orders", id="tests.I001")]


@pytest.mark.parametrize("name", PRIVATE + SHARED)
def test_a_check_sees_the_database_of_its_caller(add, settings, name):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.counts_orders"]
    add(ENGINE="django.db.backends.sqlite3", NAME=name)
    with connections["shop"].cursor() as cursor:
        cursor.execute("CREATE TABLE orders (id integer)")
        cursor.execute("INSERT INTO orders VALUES (1), (2)")
    details = wsgi("/__heartbeat__").json()["details"]["counts_orders"]

    assert details["messages"] == {"tests.I001": "2 orders"}
