"""Checks by subject: which run, which are required, and what is refused at the start."""

import pytest
from django.core.management import call_command

from tests.support import shards
from tests.support.browser import BROWSERS
from tests.support.databases import database

SHARD = "tests.support.shards.check_shard"
ORDERS = "tests.support.shards.check_orders"


@pytest.fixture(params=BROWSERS)
def ask(request, settings):
    """Asks for a heartbeat that shows all; what took how long is taken out of the answer."""
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"

    def ask(required, optional=()):
        settings.DOCKERFLOW_CHECKS = list(required)
        settings.DOCKERFLOW_OPTIONAL_CHECKS = list(optional)
        response = BROWSERS[request.param]("/__heartbeat__")
        body = response.json()
        for details in body["details"].values():
            for part in (details, *details.get("subjects", {}).values()):
                assert part.pop("duration_ms") >= 0
        return response.status_code, body

    return ask


@pytest.fixture
def down(monkeypatch):
    monkeypatch.setitem(shards.SHARDS, "us-1", "down")


OK = {"status": "ok"}
US_DOWN = {
    "status": "error",
    "level": 40,
    "messages": {"shop.E001": "us-1 is down"},
    "hints": {"shop.E001": "Call the on-call."},
}


def test_a_check_runs_for_each_of_its_subjects(ask):
    assert ask([SHARD]) == (
        200,
        {
            "status": "ok",
            "checks": {"check_shard": "ok"},
            "details": {
                "check_shard": {
                    "status": "ok",
                    "level": 0,
                    "messages": {},
                    "subjects": {"eu-1": OK, "us-1": OK},
                }
            },
        },
    )


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("name", ["check_shard", "check_shard_async"])
def test_the_worst_subject_decides(ask, name):
    status_code, body = ask([f"tests.support.shards.{name}"])
    assert (status_code, body["status"], body["details"]) == (
        500,
        "error",
        {name: {**US_DOWN, "subjects": {"eu-1": OK, "us-1": {"status": "error"}}}},
    )


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize(
    ("required", "optional", "status_code", "found"),
    [
        ([f"{SHARD}[us-1]"], [], 500, {"us-1": True}),
        ([f"{SHARD}[eu-1]"], [], 200, {"eu-1": True}),
        ([f"{SHARD}[us-1,eu-1]"], [], 500, {"us-1": True, "eu-1": True}),
        ([SHARD], [f"{SHARD}[us-1]"], 200, {"eu-1": True, "us-1": False}),
        ([f"{SHARD}[us-1]"], [SHARD], 500, {"eu-1": False, "us-1": True}),
        ([f"{SHARD}[us-1]"], [f"{SHARD}[us-1]"], 500, {"us-1": True}),
        ([SHARD], [SHARD], 500, {"eu-1": True, "us-1": True}),
        ([SHARD, f"{SHARD}[us-1]"], [], 500, {"eu-1": True, "us-1": True}),
        ([], [SHARD], 200, {"eu-1": False, "us-1": False}),
        ([], [f"{SHARD}[us-1]"], 200, {"us-1": False}),
    ],
)
def test_the_more_specific_entry_says_whether_a_subject_is_required(
    ask, required, optional, status_code, found
):
    answered, body = ask(required, optional)
    details = body["details"]["check_shard"]
    if len(found) == 1:
        assert "subjects" not in details
    else:
        seen = {name: "optional" not in part for name, part in details["subjects"].items()}
        assert seen == found
    assert answered == status_code
    assert details.get("optional", False) is not any(found.values())


def test_a_subject_may_be_any_text_that_the_check_makes_sense_of(ask):
    assert ask(["tests.support.shards.check_port[80, 443]"]) == (
        200,
        {
            "status": "info",
            "checks": {"check_port": "info"},
            "details": {
                "check_port": {
                    "status": "info",
                    "level": 20,
                    "messages": {"shop.I001": "81 comes next\n444 comes next"},
                    "subjects": {"80": {"status": "info"}, "443": {"status": "info"}},
                }
            },
        },
    )


def test_a_check_of_some_databases_looks_at_no_other(ask, settings):
    settings.DOCKERFLOW_DATABASES = ["default", "shop"]

    assert ask(["tests.support.shards.check_shop_only"])[1]["details"] == {
        "check_shop_only": {"status": "info", "level": 20, "messages": {"shop.I003": "shop"}}
    }


def test_what_cannot_list_its_subjects_has_failed(ask):
    status_code, body = ask(["tests.support.shards.check_lost_islands"])
    assert (status_code, body["details"]["check_lost_islands"]["messages"]) == (
        500,
        {"dockerflow.health.C002": "check_lost_islands raised OSError: no map"},
    )


def test_names_that_are_no_text_are_a_failure_in_every_form(ask):
    status, body = ask(["tests.support.shards.check_numbers"])

    assert (status, body["details"]["check_numbers"]["messages"]) == (
        500,
        {
            "dockerflow.health.C002": "check_numbers raised TypeError:"
            " 1 is no text, as the name of a shard must be"
        },
    )
    metrics = {"accept": "application/openmetrics-text;version=1.0.0"}
    assert BROWSERS["sync"]("/__heartbeat__", **metrics).status_code == 200


def test_a_subject_that_is_named_twice_is_one(ask):
    _, body = ask(["tests.support.shards.check_twice"])

    assert body["details"]["check_twice"]["messages"] == {"shop.I004": "eu-1"}


def test_a_callable_may_have_subjects_of_its_own(ask):
    assert ask(["tests.support.shards.check_queues"])[1]["checks"] == {"check_queues": "ok"}


def test_a_decorator_around_the_subjects_takes_part(ask):
    status, body = ask(["tests.support.shards.check_shard_in_maintenance"])
    details = body["details"]["check_shard_in_maintenance"]

    assert (status, details["messages"]) == (
        200,
        {"shop.I005": "eu-1 is down\nus-1 is down"},
    )
    assert list(details["subjects"]) == ["eu-1", "us-1"]


def test_databases_are_those_of_the_settings_and_those_that_brackets_name(
    ask, settings, tmp_path, django_db_setup, django_db_blocker
):
    # Aliases that no other test has: the heartbeat's thread keeps the connection to each.
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db.sqlite3"}
    settings.DOCKERFLOW_DATABASES = ["bakery"]
    with django_db_blocker.unblock(), database("bakery", **options), database("legacy", **options):
        call_command("migrate", database="bakery", verbosity=0, skip_checks=True)
        found = [
            ask(entries)[1]["details"]
            for entries in (
                [ORDERS],
                [f"{ORDERS}[legacy]"],
                [ORDERS, f"{ORDERS}[legacy]"],
                ["check_database_connected", "check_migrations_applied[bakery]"],
            )
        ]
    messages = [{name: part["messages"] for name, part in details.items()} for details in found]
    assert messages == [
        {"check_orders": {"shop.I002": "bakery"}},
        {"check_orders": {"shop.I002": "legacy"}},
        {"check_orders": {"shop.I002": "bakery\nlegacy"}},
        {"check_database_connected": {}, "check_migrations_applied": {}},
    ]


# The start


@pytest.fixture
def problems(settings, monkeypatch):
    """What is wrong with an entry, as a Django setting and in the environment."""
    from dockerflow.conf import conf  # noqa: PLC0415 (as the other names are Django's to import)

    def problems(entry):
        settings.DOCKERFLOW_CHECKS = entry
        in_django = conf.problems()
        del settings.DOCKERFLOW_CHECKS
        monkeypatch.setenv("DOCKERFLOW_CHECKS", entry)
        in_environment = conf.problems()
        monkeypatch.delenv("DOCKERFLOW_CHECKS")
        assert [
            line.replace("environment", "Django setting") for line in in_environment
        ] == in_django
        return [line.partition(" Expected ")[0].partition("): ")[2] for line in in_django]

    return problems


@pytest.mark.parametrize(
    "entry",
    [
        "check_database_connected[default]",
        "check_migrations_applied",
        "check_caches[default]",
        "check_redis_connected",
        f"{SHARD}[eu-1,us-1]",
        "tests.support.shards.check_port[80]",
        "tests.support.shards.check_queues",
    ],
)
def test_a_good_entry_is_taken(problems, entry):
    assert problems(entry) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "dockerflow.django.checks.check_database_connected[defualt]",
            "names 'defualt', which is not a known database; did you mean default?",
        ),
        (
            "dockerflow.django.checks.check_caches[sessions]",
            "names 'sessions', which is not a known cache; known: default.",
        ),
        (
            "dockerflow.django.checks.check_redis_connected[default]",
            "names 'default', which is not a known cache.",
        ),
        (f"{SHARD}[eu1]", "names 'eu1', which is not a known shard; did you mean eu-1?"),
        (
            "tests.support.shards.check_port",
            "needs a port in brackets: check_port[...].",
        ),
        ("tests.support.shards.check_port[http]", "names 'http', which is no port."),
        ("tests.support.shards.check_islands", "has no island to look at."),
        (
            "tests.support.shards.check_lost_islands",
            "cannot say what there is to look at: OSError: no map.",
        ),
        (
            "tests.support.shards.check_numbers",
            (
                "cannot say what there is to look at: TypeError: 1 is no text, as the name"
                " of a shard must be."
            ),
        ),
        (
            "tests.support.shards.check_lists",
            (
                "cannot say what there is to look at: TypeError: ['eu-1'] is no text, as the"
                " name of a shard must be."
            ),
        ),
        (
            "tests.support.shards.check_zones[us-1]",
            "names 'us-1', which its parse() cannot read: KeyError: 'us-1'.",
        ),
        ("tests.support.shards.check_queues[orders]", "takes no brackets."),
        (
            "tests.support.sample_checks.passes[default]",
            "takes no brackets.",
        ),
        (
            "dockerflow.django.checks.check_cachs",
            (
                "does not exist: dockerflow.django.checks has no check_cachs;"
                " did you mean check_caches?"
            ),
        ),
    ],
)
def test_a_bad_entry_is_an_error_at_the_start(problems, entry, problem):
    assert problems(entry) == [f"'{entry}' {problem}"]


def test_a_database_check_without_any_database_is_an_error_at_the_start(problems, settings):
    settings.DOCKERFLOW_DATABASES = []

    assert problems("dockerflow.django.checks.check_database_connected") == [
        "[] names no database for check_database_connected."
    ]
