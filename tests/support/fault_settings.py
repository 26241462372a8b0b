"""Settings of servers in trouble: logs as JSON; a connection pool and a cache where asked for."""

import os

import dockerflow.logging
from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

LOGGING = dockerflow.logging.config()
DATABASES["default"]["CONN_HEALTH_CHECKS"] = "CONN_HEALTH_CHECKS" in os.environ
if "POOL" in os.environ:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 4, "max_size": 4}}
if "CACHE_URL" in os.environ:
    CACHES = {
        "default": {"BACKEND": os.environ["CACHE_BACKEND"], "LOCATION": os.environ["CACHE_URL"]}
    }
