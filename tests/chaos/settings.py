"""Settings of the servers of a chaos run: two databases and a cache that break, two that do not.

``default`` keeps its connection and ``fresh`` makes one for each heartbeat. The drivers have the
limits that docs/fast-and-safe.rst recommends.
"""

import os

import dj_database_url

import dockerflow.logging
from tests.settings import *  # noqa: F403

LOGGING = dockerflow.logging.config()
POSTGRESQL = {
    **dj_database_url.parse(os.environ["CHAOS_POSTGRESQL"]),
    "OPTIONS": {
        "connect_timeout": 2,  # seconds
        "tcp_user_timeout": 1_500,  # ms
        "options": "-c statement_timeout=1000",  # ms
    },
}
DATABASES = {
    "default": {**POSTGRESQL, "CONN_MAX_AGE": 600},
    "fresh": {**POSTGRESQL, "CONN_MAX_AGE": 0},
    "healthy": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["CHAOS_SQLITE"],
        "CONN_MAX_AGE": 600,
    },
}
CACHES = {
    alias: {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ[variable],
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # seconds
    }
    for alias, variable in {"default": "CHAOS_REDIS", "healthy": "CHAOS_HEALTHY_REDIS"}.items()
}
