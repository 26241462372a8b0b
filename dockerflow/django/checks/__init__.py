"""The checks that a heartbeat runs; each is a Django system check, opt-in by its name.

Each is imported when it is first used: a process needs few of them, and none to serve a request.
With all of them, what serves requests takes 12.3 ms to import, not 6.7 (tests.benchmarks.imports).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dockerflow.django.checks.subjects import cache_aliases, database_aliases, subjects

if TYPE_CHECKING:
    from dockerflow.django.checks.caches import check_caches
    from dockerflow.django.checks.celery import check_celery_workers
    from dockerflow.django.checks.connects import check_connects
    from dockerflow.django.checks.database import check_database_connected
    from dockerflow.django.checks.disk import check_disk_space
    from dockerflow.django.checks.host import check_host_resolves
    from dockerflow.django.checks.mail import check_mail_connected
    from dockerflow.django.checks.memory import check_memory
    from dockerflow.django.checks.migrations import check_migrations_applied
    from dockerflow.django.checks.redis import check_redis_connected
    from dockerflow.django.checks.registry import TAG, register
    from dockerflow.django.checks.storages import check_storages
    from dockerflow.django.checks.tasks import check_tasks
    from dockerflow.django.checks.url import check_url
    from dockerflow.django.checks.writable import check_database_writable

_MODULES = {
    "TAG": "registry",
    "check_caches": "caches",
    "check_celery_workers": "celery",
    "check_connects": "connects",
    "check_database_connected": "database",
    "check_database_writable": "writable",
    "check_disk_space": "disk",
    "check_host_resolves": "host",
    "check_mail_connected": "mail",
    "check_memory": "memory",
    "check_migrations_applied": "migrations",
    "check_redis_connected": "redis",
    "check_storages": "storages",
    "check_tasks": "tasks",
    "check_url": "url",
    "register": "registry",
}

__all__ = [
    "TAG",
    "cache_aliases",
    "check_caches",
    "check_celery_workers",
    "check_connects",
    "check_database_connected",
    "check_database_writable",
    "check_disk_space",
    "check_host_resolves",
    "check_mail_connected",
    "check_memory",
    "check_migrations_applied",
    "check_redis_connected",
    "check_storages",
    "check_tasks",
    "check_url",
    "database_aliases",
    "register",
    "subjects",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found  # from now on Python finds it by itself
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
