"""``check_caches`` against real caches, well and unwell."""

import pytest
import redis
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.management import call_command
from django.db import connection

from dockerflow.django.checks import check_caches, check_redis_connected
from tests.support.browser import wsgi
from tests.support.messages import short
from tests.support.services import Redis

DJANGO = "django.core.cache.backends.redis.RedisCache"
DJANGO_REDIS = "django_redis.cache.RedisCache"
MISCONFIGURED = "dockerflow.health.E006"
CACHE_FAILED = "dockerflow.health.E011"
LOST = "dockerflow.health.E012"
LOCAL = "dockerflow.health.I002"


class Forgetful(BaseCache):
    """A cache that takes everything and gives nothing, as Memcached does while it is down."""

    def __init__(self, location, params):
        super().__init__(params)

    def set(self, key, value, timeout=None, version=None):
        pass

    def get(self, key, default=None, version=None):
        return default

    def delete(self, key, version=None):
        return False


def test_a_redis_cache_gives_back_what_it_took_and_keeps_nothing(redis_cache, redis_server):
    found = short(check_caches)
    with redis.Redis.from_url(redis_server.url) as client:
        keys = client.keys()

    assert (found, keys) == ([], [])


def test_a_cache_in_files_gives_back_what_it_took_and_keeps_nothing(settings, tmp_path):
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": tmp_path}}

    assert short(check_caches) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_a_cache_in_the_database_gives_back_what_it_took_and_keeps_nothing(settings):
    backend = "django.core.cache.backends.db.DatabaseCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "shop_cache"}}
    call_command("createcachetable")

    assert short(check_caches) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shop_cache")
        assert cursor.fetchone() == (0,)


def test_a_cache_that_raises_has_failed(redis_cache, redis_server):
    redis_server.stop()

    assert short(check_caches) == [(checks.ERROR, CACHE_FAILED, 'Cache "shop" cannot be used: ...')]


def test_a_replica_takes_no_writes_and_can_be_left_out(backend, redis_server, settings):
    with Redis(primary=redis_server) as replica:
        settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": replica.url}}
        [message] = check_caches(app_configs=None)
        caches.close_all()

    assert (message.level, message.id) == (checks.ERROR, CACHE_FAILED)
    assert message.msg == (
        'Cache "shop" cannot be used: ReadOnlyError: You can\'t write against a read only replica.'
    )
    assert message.hint == (
        "A replica takes no writes. Put the primary first in LOCATION, or leave this cache out by"
        " naming the others: check_caches[default]."
    )


def test_a_cache_that_does_not_exist_has_failed(settings):
    settings.CACHES = {"shop": {"BACKEND": "shop.cache.Cache"}}

    assert short(check_caches) == [(checks.ERROR, CACHE_FAILED, 'Cache "shop" cannot be used: ...')]
    assert [message_id for _, message_id, _ in short(check_redis_connected)] == [MISCONFIGURED]


def test_a_cache_that_forgets_has_lost_something(settings):
    settings.CACHES = {"shop": {"BACKEND": "tests.django.checks.test_caches.Forgetful"}}

    assert short(check_caches) == [
        (checks.ERROR, LOST, 'Cache "shop" did not return the value that was written')
    ]


def test_caches_that_no_other_process_sees_have_nothing_to_check(settings):
    settings.CACHES = {
        alias: {"BACKEND": f"django.core.cache.backends.{backend}"}
        for alias, backend in {"local": "locmem.LocMemCache", "dummy": "dummy.DummyCache"}.items()
    }

    assert short(check_caches) == [
        (checks.INFO, LOCAL, 'Cache "local" is a LocMemCache, which has nothing to check'),
        (checks.INFO, LOCAL, 'Cache "dummy" is a DummyCache, which has nothing to check'),
    ]


def test_every_cache_is_tried(settings, tmp_path):
    settings.CACHES = {
        "files": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": tmp_path,
        },
        "shop": {"BACKEND": "tests.django.checks.test_caches.Forgetful"},
        "redis": {"BACKEND": DJANGO, "LOCATION": "redis://127.0.0.1:1"},
    }

    assert [message_id for _, message_id, _ in short(check_caches)] == [LOST, CACHE_FAILED]


class Unreadable:
    """A serializer that cannot read what others have written."""

    def __init__(self, *args):
        pass

    def dumps(self, value):
        return b"value"

    def loads(self, data):
        raise ValueError("unsupported pickle protocol: 9")


def test_a_value_error_of_a_serializer_says_nothing_of_the_url(settings, redis_server):
    options = {"serializer": f"{__name__}.Unreadable"}
    settings.CACHES = {
        "shop": {"BACKEND": DJANGO, "LOCATION": redis_server.url, "OPTIONS": options}
    }

    [message] = check_caches(app_configs=None)
    assert (message.msg, message.hint) == (
        'Cache "shop" cannot be used: ValueError: unsupported pickle protocol: 9',
        None,
    )


@pytest.mark.django_db
def test_a_cache_whose_table_is_missing_names_the_command(settings):
    backend = "django.core.cache.backends.db.DatabaseCache"
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": "missing"}}

    [message] = check_caches(app_configs=None)
    assert (message.id, message.hint) == (
        CACHE_FAILED,
        "Run manage.py createcachetable, or correct LOCATION in CACHES.",
    )


def test_a_folder_that_is_a_file_has_failed(settings, tmp_path):
    (tmp_path / "cache").touch()
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"files": {"BACKEND": backend, "LOCATION": tmp_path / "cache"}}
    [message] = check_caches(app_configs=None)

    assert (message.level, message.id, message.hint) == (checks.ERROR, CACHE_FAILED, None)
    assert message.msg.startswith('Cache "files" cannot be used: FileExistsError: [Errno 17]')


def test_a_cache_without_a_backend_fails_alone(settings):
    settings.CACHES = {
        "shop": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "other": {"LOCATION": "redis://127.0.0.1:1"},
    }
    settings.DOCKERFLOW_CHECKS = ["check_caches", "check_redis_connected"]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    details = wsgi("/__heartbeat__").json()["details"]

    assert {name: check["messages"] for name, check in details.items()} == {
        "check_caches": {
            LOCAL: 'Cache "shop" is a LocMemCache, which has nothing to check',
            CACHE_FAILED: "Cache \"other\" cannot be used: KeyError: 'BACKEND'",
        },
        "check_redis_connected": {
            MISCONFIGURED: "No cache in CACHES uses Redis, so there is nothing to check"
        },
    }
