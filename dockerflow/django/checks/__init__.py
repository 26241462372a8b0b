"""The checks that a heartbeat runs; each is a Django system check, opt-in by its name."""

from dockerflow.django.checks.registry import (
    TAG,
    check_caches,
    check_database_connected,
    check_migrations_applied,
    check_redis_connected,
    register,
)

__all__ = [
    "TAG",
    "check_caches",
    "check_database_connected",
    "check_migrations_applied",
    "check_redis_connected",
    "register",
]
