"""``check_redis_connected`` against real servers, well and unwell."""

import sys

import pytest
import redis
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.redis import RedisCache

from dockerflow.django.checks import check_redis_connected
from tests.support.messages import short
from tests.support.services import Redis

DJANGO = "django.core.cache.backends.redis.RedisCache"
DJANGO_REDIS = "django_redis.cache.RedisCache"
NOT_CONNECTED = "dockerflow.health.E004"
NO_CLIENT = "dockerflow.health.E005"
MISCONFIGURED = "dockerflow.health.E006"
PING_FAILED = "dockerflow.health.E007"


@pytest.mark.usefixtures("redis_cache")
def test_a_redis_that_answers_is_connected():
    assert short(check_redis_connected) == []


@pytest.mark.usefixtures("redis_cache")
def test_a_redis_that_is_down_is_down_until_it_is_up(redis_server):
    before = short(check_redis_connected)
    redis_server.stop()
    meanwhile = [short(check_redis_connected), short(check_redis_connected)]
    redis_server.start()
    after = short(check_redis_connected)

    down = (checks.ERROR, NOT_CONNECTED, 'Could not connect to Redis of cache "shop": ...')
    assert (before, meanwhile, after) == ([], [[down]] * 2, [])


def test_errors_that_a_cache_keeps_to_itself_are_reported(redis_server, settings):
    settings.CACHES = {
        "shop": {
            "BACKEND": DJANGO_REDIS,
            "LOCATION": redis_server.url,
            "OPTIONS": {"IGNORE_EXCEPTIONS": True},
        }
    }
    redis_server.stop()

    assert short(check_redis_connected) == [
        (checks.ERROR, NOT_CONNECTED, 'Could not connect to Redis of cache "shop": ...')
    ]


def test_a_redis_whose_password_is_another_is_not_connected(backend, settings):
    with Redis(password="s3cret") as server:
        right = server.url
        wrong = right.replace("s3cret", "hush")
        settings.CACHES = {
            alias: {"BACKEND": backend, "LOCATION": url}
            for alias, url in {"right": right, "wrong": wrong}.items()
        }
        found = short(check_redis_connected)
        caches.close_all()

    assert found == [
        (checks.ERROR, NOT_CONNECTED, 'Could not connect to Redis of cache "wrong": ...')
    ]


def test_a_redis_that_answers_with_an_error_has_failed_the_ping(backend, redis_server, settings):
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.acl_setuser("mute", enabled=True, nopass=True, commands=["+get", "-ping"])
    url = redis_server.url.replace("redis://", "redis://mute:any@")
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": url}}

    [(level, message_id, text)] = short(check_redis_connected)
    assert (level, message_id) == (checks.ERROR, PING_FAILED)
    assert text.startswith('Redis of cache "shop" answered a ping with NoPermissionError: ')
    caches["shop"].close()


def test_each_redis_among_the_caches_is_asked(backend, redis_server, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "good": {"BACKEND": backend, "LOCATION": redis_server.url},
        "bad": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1"},
    }

    assert short(check_redis_connected) == [
        (checks.ERROR, NOT_CONNECTED, 'Could not connect to Redis of cache "bad": ...')
    ]
    caches.close_all()


SHARDS = {"CLIENT_CLASS": "django_redis.client.ShardClient"}


@pytest.mark.parametrize(
    ("backend", "options"), [(DJANGO, {}), (DJANGO_REDIS, {}), (DJANGO_REDIS, SHARDS)]
)
def test_every_server_in_a_location_is_asked(redis_server, settings, backend, options):
    with Redis(primary=redis_server) as replica:
        settings.CACHES = {
            "shop": {
                "BACKEND": backend,
                "LOCATION": [redis_server.url, replica.url, "redis://127.0.0.1:1"],
                "OPTIONS": options,
            }
        }
        one_down = short(check_redis_connected)
        replica.stop()
        two_down = short(check_redis_connected)
        caches.close_all()

    def down(number):
        name = f'Redis of cache "shop", server {number} of 3 in its LOCATION'
        return (checks.ERROR, NOT_CONNECTED, f"Could not connect to {name}: ...")

    assert (one_down, two_down) == ([down(3)], [down(2), down(3)])


class OwnCache(RedisCache):
    """A project's own, whose name does not give it away."""


def test_a_redis_cache_of_the_projects_own_is_asked_too(settings):
    settings.CACHES = {
        "shop": {
            "BACKEND": "tests.django.checks.test_redis.OwnCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }

    assert short(check_redis_connected) == [
        (checks.ERROR, NOT_CONNECTED, 'Could not connect to Redis of cache "shop": ...')
    ]


class Lookalike(BaseCache):
    """A cache with a client, of neither library."""

    def __init__(self, location, params):
        super().__init__(params)
        self.client = self


Lookalike.__module__ = "shop.redis"


def test_a_cache_that_only_looks_like_a_redis_is_not_looked_at(redis_server, settings):
    lookalike = {"BACKEND": "tests.django.checks.test_redis.Lookalike"}
    settings.CACHES = {
        "shop": {"BACKEND": DJANGO, "LOCATION": redis_server.url},
        "other": lookalike,
    }

    assert short(check_redis_connected) == []
    assert check_redis_connected.subjects.function(None, cache="other") == [
        checks.Error(
            'Redis of cache "other" is misconfigured: shop.redis.Lookalike is neither Django\'s'
            " RedisCache nor that of django-redis",
            id=MISCONFIGURED,
        )
    ]
    caches["shop"].close()


def test_without_a_redis_there_is_nothing_to_connect_to():
    assert short(check_redis_connected) == [
        (
            checks.ERROR,
            MISCONFIGURED,
            "No cache in CACHES uses Redis, so there is nothing to check",
        )
    ]
    [message] = check_redis_connected(app_configs=None)
    assert message.hint == "Add a cache to CACHES that uses Redis, or remove the check."


def test_a_location_that_is_no_redis_is_misconfigured(backend, settings):
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": "http://127.0.0.1:1"}}

    assert short(check_redis_connected) == [
        (checks.ERROR, MISCONFIGURED, 'Redis of cache "shop" is misconfigured: ...')
    ]


@pytest.mark.parametrize(
    ("backend", "cache"),
    [
        (DJANGO, {"LOCATION": []}),
        (DJANGO, {"LOCATION": 7}),
        (DJANGO, {"LOCATION": "redis://127.0.0.1:1", "KEY_FUNCTION": f"{__name__}.missing"}),
        (
            DJANGO,
            {"LOCATION": "redis://127.0.0.1:1", "OPTIONS": {"serializer": f"{__name__}.missing"}},
        ),
        (DJANGO, {"LOCATION": "redis://127.0.0.1:1", "OPTIONS": {"colour": "blue"}}),
        (
            DJANGO_REDIS,
            {
                "LOCATION": "redis://127.0.0.1:1/5",
                "OPTIONS": {"CONNECTION_POOL_KWARGS": {"colour": "blue"}},
            },
        ),
    ],
)
def test_what_the_client_makes_nothing_of_is_misconfigured(settings, backend, cache):
    settings.CACHES = {"shop": {"BACKEND": backend, **cache}}

    assert short(check_redis_connected) == [
        (checks.ERROR, MISCONFIGURED, 'Redis of cache "shop" is misconfigured: ...')
    ]


def test_a_missing_redis_client_is_reported(backend, settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)  # Python's own way to say "not installed"
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1"}}

    assert short(check_redis_connected) == [
        (checks.ERROR, NO_CLIENT, "Redis client is missing: ...")
    ]


def test_a_missing_backend_is_reported(settings):
    settings.CACHES = {"shop": {"BACKEND": "redis_of_ours.RedisCache"}}

    assert short(check_redis_connected) == [
        (checks.ERROR, NO_CLIENT, 'Redis client of cache "shop" is missing: ...')
    ]
