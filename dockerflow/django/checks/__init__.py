"""The checks that a heartbeat runs; each is a Django system check, opt-in by its name."""

from dockerflow.django.checks.caches import check_caches
from dockerflow.django.checks.database import check_database_connected
from dockerflow.django.checks.migrations import check_migrations_applied
from dockerflow.django.checks.redis import check_redis_connected
from dockerflow.django.checks.registry import TAG, register
from dockerflow.django.checks.subjects import cache_aliases, database_aliases, subjects
from dockerflow.django.checks.writable import check_database_writable

__all__ = [
    "TAG",
    "cache_aliases",
    "check_caches",
    "check_database_connected",
    "check_database_writable",
    "check_migrations_applied",
    "check_redis_connected",
    "database_aliases",
    "register",
    "subjects",
]
