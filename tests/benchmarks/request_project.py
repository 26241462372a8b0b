"""The project that the benchmark of requests runs on: its settings, its views and their routes."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET_KEY = "benchmark"
BASE_DIR = Path.cwd()
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = __name__


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


async def apage(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


urlpatterns = [path("page", page), path("apage", apage)]
