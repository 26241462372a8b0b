"""Checks that do what checks should not, and some that do what they should."""

import functools
import logging
import os
import threading
import time
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.checks import Info
from django.core.checks import Warning as Bad

HANG = 30  # seconds; longer than any deadline, shorter than a test run
logger = logging.getLogger(__name__)


def passes(app_configs, **kwargs):
    return []


def sleeps(app_configs, **kwargs):
    time.sleep(HANG)
    return []


def hangs_in_c(app_configs, **kwargs):
    os.read(os.pipe()[0], 1)
    return []


def raises(app_configs, **kwargs):
    raise ValueError("boom")


def exits(app_configs, **kwargs):
    raise SystemExit


async def exits_async(app_configs, **kwargs):
    raise SystemExit


def returns_none(app_configs, **kwargs):
    return None


def returns_junk(app_configs, **kwargs):
    return [1]


def logs(app_configs, **kwargs):
    logger.error("a check speaks")
    return []


async def awaits(app_configs, **kwargs):
    await sync_to_async(time.sleep)(0.01)
    return []


async def hangs_async(app_configs, **kwargs):
    await sync_to_async(time.sleep)(HANG)
    return []


def follows_a_file(app_configs, **kwargs):
    """Bad while the file exists."""
    return [Bad("the file is there", id="tests.W001")] * Path(os.environ["BAD_FILE"]).exists()


def takes_a_while(app_configs, **kwargs):
    """Leaves a line for each of its runs."""
    with Path(os.environ["RUNS_FILE"]).open("a") as runs:
        runs.write(f"{os.getpid()}\n")
    time.sleep(1)
    return []


def names_its_thread(app_configs, **kwargs):
    main = threading.current_thread() is threading.main_thread()
    return [Info("main thread" if main else "other thread", id="tests.I001")]


def counts_users(app_configs, **kwargs):
    from django.contrib.auth.models import User  # noqa: PLC0415 (checks are imported before models)

    return [Info(f"{User.objects.count()} users", id="tests.I002")]


def counts_users_bit_by_bit(app_configs, **kwargs):
    yield from counts_users(app_configs)


async def counts_users_async(app_configs, **kwargs):
    from django.contrib.auth.models import User  # noqa: PLC0415 (checks are imported before models)

    return [Info(f"{await User.objects.acount()} users", id="tests.I002")]


@functools.wraps(counts_users_async)
def decorated(app_configs, **kwargs):
    return counts_users_async(app_configs, **kwargs)


decorated.__name__ = "decorated"
