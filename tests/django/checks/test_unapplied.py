"""Which migrations count as unapplied: the same that ``migrate`` would apply."""

import shutil
import sys
import textwrap

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import modify_settings, override_settings
from django.test.utils import CaptureQueriesContext

from dockerflow.django.checks import check_migrations_applied
from dockerflow.django.checks.unapplied import current_migrations
from tests.support.databases import database

APPS = {"auth": 12, "contenttypes": 2, "sessions": 1}


@pytest.fixture
def shop(tmp_path, django_db_blocker):
    """A connection to an empty SQLite database."""
    path = tmp_path / "db.sqlite3"
    path.touch()
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    with django_db_blocker.unblock(), database("shop", **options):
        yield connections["shop"]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs an app with migrations, given as their names and bodies."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(label, **migrations):
        folder = tmp_path / label / "migrations"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "__init__.py").touch()
        for name, body in migrations.items():
            (folder / f"{name}.py").write_text(
                "from django.db import migrations\n\n"
                "class Migration(migrations.Migration):\n" + textwrap.indent(body or "pass", "    ")
            )
        return modify_settings(INSTALLED_APPS={"append": label})

    yield install
    for name in [name for name in sys.modules if name.startswith("tests_app")]:
        del sys.modules[name]


def lacking(connection):
    """The names of the unapplied migrations by app, for the apps that the routers let in."""
    applied = list(MigrationRecorder(connection).applied_migrations())
    return current_migrations().unapplied("shop", applied)


def counts(connection):
    return {label: len(names) for label, names in lacking(connection).items()}


def migrate(*arguments):
    call_command("migrate", *arguments, database="shop", verbosity=0, skip_checks=True)


def test_what_was_applied_meanwhile_is_known_at_once(shop):
    seen = [counts(shop)]
    migrate("contenttypes", "0001")
    seen.append(counts(shop))
    migrate()
    seen.append(counts(shop))
    migrate("sessions", "zero")
    seen.append(counts(shop))

    assert seen == [APPS, {**APPS, "contenttypes": 1}, {}, {"sessions": 1}]


def test_without_the_table_nothing_is_applied(shop):
    assert counts(shop) == APPS
    assert MigrationRecorder(shop).has_table() is False


SQUASHED = {
    "0001_first": "",
    "0002_second": "dependencies = [('tests_app_squashed', '0001_first')]",
    "0001_squashed_0002": (
        "replaces = [('tests_app_squashed', '0001_first'), ('tests_app_squashed', '0002_second')]"
    ),
    "0003_third": "dependencies = [('tests_app_squashed', '0001_squashed_0002')]",
}


@pytest.mark.parametrize(
    ("applied", "expected"),
    [
        ([], ["0001_squashed_0002", "0003_third"]),
        (["0001_first"], ["0002_second", "0003_third"]),
        (["0001_first", "0002_second"], ["0003_third"]),
        (["0001_first", "0002_second", "0001_squashed_0002"], ["0003_third"]),
        (["0001_first", "0002_second", "0003_third"], []),
    ],
)
def test_a_squashed_migration_counts_as_migrate_counts_it(shop, install, applied, expected):
    label = "tests_app_squashed"
    with install(label, **SQUASHED):
        recorder = MigrationRecorder(shop)
        recorder.ensure_schema()
        for name in applied:
            recorder.record_applied(label, name)

        assert lacking(shop).get(label, []) == expected
        migrate()
        assert lacking(shop) == {}


def test_a_migration_that_was_left_out_before_an_applied_one_is_reported(shop):
    """``migrate --check``, by ``MigrationExecutor.migration_plan``, would pass over it."""
    migrate()
    MigrationRecorder(shop).record_unapplied("contenttypes", "0001_initial")

    assert lacking(shop) == {"contenttypes": ["0001_initial"]}


def test_the_result_is_not_reused_for_another_list_of_apps(shop, install):
    migrate()
    before = counts(shop)
    with install("tests_app_more", **{"0001_first": "", "0002_second": ""}):
        between = lacking(shop)
    after = counts(shop)

    assert (before, after) == ({}, {})
    assert between == {"tests_app_more": ["0001_first", "0002_second"]}


def test_migrations_of_an_app_may_lie_elsewhere_or_be_switched_off(shop):
    migrate()
    with override_settings(MIGRATION_MODULES={"sessions": None}):
        assert lacking(shop) == {}
    with override_settings(MIGRATION_MODULES={"sessions": "django.contrib.auth.migrations"}):
        assert len(lacking(shop)["sessions"]) == 11


def asked(connection):
    """What the check returns, and what it asks of the database."""
    with (
        override_settings(DOCKERFLOW_DATABASES=["shop"]),
        CaptureQueriesContext(connection) as captured,
    ):
        found = check_migrations_applied(app_configs=None)
    return found, [query["sql"] for query in captured]


def test_a_project_without_migrations_asks_no_database(shop):
    with override_settings(INSTALLED_APPS=["dockerflow.django"]):
        assert asked(shop) == ([], [])


ONLY_SESSIONS = f"{__name__}.OnlySessions"


class OnlySessions:
    """Sessions live in the database ``shop``, everything else in the default one."""

    def allow_migrate(self, db, app_label, **hints):
        return (db == "shop") == (app_label == "sessions")


def test_each_database_lacks_only_what_its_routers_let_into_it(shop, django_db_blocker):
    with override_settings(DATABASE_ROUTERS=[ONLY_SESSIONS]):
        assert lacking(shop) == {"sessions": ["0001_initial"]}
        migrate("sessions")
        assert lacking(shop) == {}


class Nothing:
    """No app is migrated in the database ``shop``."""

    def allow_migrate(self, db, app_label, **hints):
        return db != "shop"


def test_a_database_that_takes_no_migrations_is_not_even_connected_to(shop):
    settings = {"DATABASE_ROUTERS": [f"{__name__}.Nothing"], "DOCKERFLOW_DATABASES": ["shop"]}
    with override_settings(**settings):
        found = check_migrations_applied(app_configs=None)

    assert (found, shop.connection) == ([], None)


def test_an_app_without_models_is_migrated_where_the_routers_let_it(shop, install):
    with install("tests_app_plain", **{"0001_first": ""}):
        assert lacking(shop)["tests_app_plain"] == ["0001_first"]
        with override_settings(DATABASE_ROUTERS=[ONLY_SESSIONS]):
            assert set(lacking(shop)) == {"sessions"}


def test_what_is_applied_and_no_longer_there_is_no_business_of_ours(shop):
    migrate()
    MigrationRecorder(shop).record_applied("gone", "0001_initial")

    assert lacking(shop) == {}


def test_migration_files_are_read_once(shop, install, tmp_path):
    label = "tests_app_once"
    with install(label, **{"0001_first": "", "0002_second": ""}):
        before = lacking(shop)[label]
        shutil.rmtree(tmp_path / label)
        MigrationRecorder(shop).ensure_schema()
        MigrationRecorder(shop).record_applied(label, "0001_first")
        after = lacking(shop)[label]

    assert (before, after) == (["0001_first", "0002_second"], ["0002_second"])
