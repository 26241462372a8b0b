"""The checks that a heartbeat runs; each is a Django system check, opt-in by its name."""

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
from dockerflow.django.checks.subjects import cache_aliases, database_aliases, subjects
from dockerflow.django.checks.tasks import check_tasks
from dockerflow.django.checks.url import check_url
from dockerflow.django.checks.writable import check_database_writable

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
