"""Checks as a project may have them: each says one thing."""

import asyncio
import functools
import os
import time
from pathlib import Path

from django.core import checks


def passes(app_configs, **kwargs):
    return []


def debugs(app_configs, **kwargs):
    return [checks.Debug("look here", id="tests.D001")]


def informs(app_configs, **kwargs):
    return [checks.Info("by the way", id="tests.I001")]


def warns(app_configs, **kwargs):
    return [checks.Warning("beware", id="tests.W001")]


def fails(app_configs, **kwargs):
    return [checks.Error("down", id="tests.E001")]


def quotes_a_server(app_configs, **kwargs):
    return [checks.Error("500 \x1b[31mdown\x07\nsecond line", id="tests.E002", hint="\x9b2J")]


def has_a_level_of_its_own(app_configs, **kwargs):
    return [checks.CheckMessage(-5, "below all", id="tests.X001")]


def collapses(app_configs, **kwargs):
    return [checks.Critical("gone", id="tests.C001")]


async def awaits(app_configs, **kwargs):
    return [checks.Warning("awaited", id="tests.W002")]


async def forgets_to_await(app_configs, **kwargs):
    return asyncio.ensure_future(awaits(app_configs))


@functools.wraps(awaits)
def decorated(app_configs, **kwargs):
    return awaits(app_configs, **kwargs)


decorated.__name__ = "decorated"
nameless = functools.partial(warns)


def repeats_itself(app_configs, **kwargs):
    return [
        checks.Warning("beware", id="tests.W001"),
        checks.Warning("again", id="tests.W001"),
        checks.Error("down", id="tests.E001"),
    ]


def gives_away_a_password(app_configs, **kwargs):
    raise OSError("cannot reach postgres://me:hush@db")


def exits(app_configs, **kwargs):
    raise SystemExit(0)


def returns_text(app_configs, **kwargs):
    return ["it is down"]


def breaks_off(app_configs, **kwargs):
    yield checks.Warning("beware", obj="the queue", id="tests.W001")
    raise LookupError("no more")


def takes_nothing():
    return []


def answers_nothing(app_configs, **kwargs):
    return None


def can_hang(app_configs, **kwargs):
    """Hangs while the file ``hang`` is in the folder ``SWITCHES``."""
    while Path(os.environ["SWITCHES"], "hang").exists():
        time.sleep(0.05)
    return []


def can_fail(app_configs, **kwargs):
    """Fails while the file ``fail`` is in the folder ``SWITCHES``."""
    is_on = Path(os.environ["SWITCHES"], "fail").exists()
    return [checks.Error("The queue of mails does not move", id="shop.E001")] if is_on else []
