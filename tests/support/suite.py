"""A project's own tests, which test_runner.py has run by Django's runner and by pytest."""

import json
import urllib.request

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import LiveServerTestCase, TestCase, TransactionTestCase
from django.test.utils import override_settings

CHECKS = [
    "dockerflow.django.checks.check_database_connected",
    "dockerflow.django.checks.check_migrations_applied",
    "tests.support.fault_checks.names_its_thread",
    "tests.support.fault_checks.counts_users",
    "tests.support.fault_checks.counts_users_bit_by_bit",
    "tests.support.fault_checks.counts_users_async",
    "tests.support.fault_checks.decorated",
]
ONE_USER = {
    "check_database_connected": {},
    "check_migrations_applied": {},
    "counts_users": {"tests.I002": "1 users"},
    "counts_users_bit_by_bit": {"tests.I002": "1 users"},
    "counts_users_async": {"tests.I002": "1 users"},
    "decorated": {"tests.I002": "1 users"},
}
MAIN_THREAD = {**ONE_USER, "names_its_thread": {"tests.I001": "main thread"}}
OTHER_THREAD = {**ONE_USER, "names_its_thread": {"tests.I001": "other thread"}}

with_checks = override_settings(
    DOCKERFLOW_CHECKS=CHECKS,
    DOCKERFLOW_HEARTBEAT_DETAILS="always",
    STATIC_URL="static/",
)


def messages(body):
    return {name: details["messages"] for name, details in body["details"].items()}


@with_checks
class InATransaction(TestCase):
    def test_checks_see_what_the_test_wrote(self):
        User.objects.create(username="user")
        for _ in range(2):
            assert messages(self.client.get("/__heartbeat__").json()) == MAIN_THREAD
        assert User.objects.count() == 1

    async def test_checks_see_what_an_async_test_wrote(self):
        await User.objects.acreate(username="user")
        response = await self.async_client.get("/__heartbeat__")
        assert messages(response.json()) == MAIN_THREAD
        assert await User.objects.acount() == 1


@with_checks
class WithoutATransaction(TransactionTestCase):
    def test_checks_see_what_the_test_wrote(self):
        User.objects.create(username="user")
        before = connection.connection
        for _ in range(2):
            assert messages(self.client.get("/__heartbeat__").json()) == OTHER_THREAD
        assert connection.connection is before
        assert User.objects.count() == 1

    async def test_checks_see_what_an_async_test_wrote(self):
        await User.objects.acreate(username="user")
        response = await self.async_client.get("/__heartbeat__")
        assert messages(response.json()) == OTHER_THREAD


@with_checks
class WithALiveServer(LiveServerTestCase):
    def test_checks_see_what_the_test_wrote(self):
        User.objects.create(username="user")
        with urllib.request.urlopen(f"{self.live_server_url}/__heartbeat__") as response:
            assert messages(json.load(response)) == OTHER_THREAD


@with_checks
@pytest.mark.django_db
def test_checks_see_what_a_test_of_pytest_wrote(client):
    User.objects.create(username="user")
    assert messages(client.get("/__heartbeat__").json()) == MAIN_THREAD


@with_checks
@pytest.mark.django_db(transaction=True)
def test_checks_see_what_a_test_without_a_transaction_wrote(client):
    User.objects.create(username="user")
    assert messages(client.get("/__heartbeat__").json()) == OTHER_THREAD
