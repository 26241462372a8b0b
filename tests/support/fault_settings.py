"""Settings of servers in trouble: logs as JSON; a connection pool and a cache where asked for."""

import json
import os

import dj_database_url

import dockerflow.logging
from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

LOGGING = dockerflow.logging.config()
DATABASES["default"]["CONN_HEALTH_CHECKS"] = "CONN_HEALTH_CHECKS" in os.environ
if "POOL" in os.environ:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 4, "max_size": 4}}
if "DATABASE_URLS" in os.environ:  # by alias, as a JSON object
    DATABASES = {
        alias: dj_database_url.parse(url, conn_max_age=int(os.environ.get("CONN_MAX_AGE", "0")))
        for alias, url in json.loads(os.environ["DATABASE_URLS"]).items()
    }
if "CACHE_URL" in os.environ:
    CACHES = {
        alias: {"BACKEND": os.environ["CACHE_BACKEND"], "LOCATION": os.environ["CACHE_URL"]}
        for alias in ("default", "sessions")
    }
