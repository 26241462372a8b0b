"""Checks of a project that declares what they look at."""

import functools

from django.core.checks import Error, Info
from django.db import connections

from dockerflow.django.checks import database_aliases, subjects

SHARDS = {"eu-1": "up", "us-1": "up"}


def shards():
    return list(SHARDS)


def port(text):
    number = int(text) if text.isdecimal() else 0
    if not 0 < number < 65536:
        raise ValueError("is no port")
    return number


@subjects("shard", shards)
def check_shard(app_configs, shard, **kwargs):
    if SHARDS[shard] == "up":
        return []
    return [Error(f"{shard} is {SHARDS[shard]}", hint="Call the on-call.", id="shop.E001")]


@subjects("shard", shards)
async def check_shard_async(app_configs, shard, **kwargs):
    return check_shard.subjects.function(app_configs, shard)


@subjects("port", parse=port)
def check_port(app_configs, port, **kwargs):
    return [Info(f"{port + 1} comes next", id="shop.I001")]


@subjects("database", database_aliases)
def check_orders(app_configs, database, **kwargs):
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT 2")
    return [Info(database, id="shop.I002")]


def shop_only():
    return ["shop"]


@subjects("database", shop_only)
def check_shop_only(app_configs, database, **kwargs):
    return [Info(database, id="shop.I003")]


def nowhere():
    return []


@subjects("island", nowhere)
def check_islands(app_configs, island, **kwargs):
    return []


def no_map():
    raise OSError("no map")


@subjects("island", no_map)
def check_lost_islands(app_configs, island, **kwargs):
    return []


def check_bridge(app_configs, **kwargs):
    return [Error("The bridge is up", hint="Wait for the ship.", id="shop.E002")]


def numbers():
    return [1, 2]


@subjects("shard", numbers)
def check_numbers(app_configs, shard, **kwargs):
    return []


def lists():
    return [["eu-1"]]


@subjects("shard", lists)
def check_lists(app_configs, shard, **kwargs):
    return []


@subjects("shard", parse={"eu-1": 1}.__getitem__)
def check_zones(app_configs, shard, **kwargs):
    return []


def twice():
    return ["eu-1", "eu-1"]


@subjects("shard", twice)
def check_twice(app_configs, shard, **kwargs):
    return [Info(shard, id="shop.I004")]


class Queues:
    """A check with an attribute of that name that has nothing to do with ours."""

    subjects = ("orders", "bills")

    def __call__(self, app_configs=None, **kwargs):
        return []


check_queues = Queues()


def in_maintenance(check):
    """Turns errors into information."""

    @functools.wraps(check)
    def planned(app_configs, **kwargs):
        return [Info(message.msg, id=message.id) for message in check(app_configs, **kwargs)]

    return planned


@in_maintenance
@subjects("shard", shards)
def check_shard_in_maintenance(app_configs, shard, **kwargs):
    return [Error(f"{shard} is down", id="shop.I005")]
