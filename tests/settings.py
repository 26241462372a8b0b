"""Settings of the tests: SQLite unless DATABASE_URL says otherwise."""

import os

import dj_database_url

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
DATABASES = {
    "default": dj_database_url.config(
        default="sqlite://:memory:", conn_max_age=int(os.environ.get("CONN_MAX_AGE", "0"))
    )
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "dockerflow.django",
]
MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
ROOT_URLCONF = "tests.urls"
USE_TZ = True
