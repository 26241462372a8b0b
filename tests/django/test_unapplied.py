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

from dockerflow.django.checks.unapplied import unapplied
from tests.support.databases import database

APPS = {"auth": 12, "contenttypes": 2, "sessions": 1}


@pytest.fixture
def shop(tmp_path, django_db_blocker):
    """A connection to an empty SQLite database."""
    options = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db.sqlite3"}
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


def counts(connection):
    return {label: len(names) for label, names in unapplied(connection).items()}


def migrate(*arguments):
    call_command("migrate", *arguments, database="shop", verbosity=0, skip_checks=True)


def queries(connection):
    """What is asked for an answer."""
    with CaptureQueriesContext(connection) as captured:
        unapplied(connection)
    return [query["sql"].split(" WHERE")[0] for query in captured]


QUESTION = 'SELECT "app", "name" FROM "django_migrations"'


def test_what_was_applied_meanwhile_is_known_at_once_and_for_one_query(shop):
    seen = [counts(shop)]
    migrate("contenttypes", "0001")
    seen.append(counts(shop))
    migrate()
    seen.append(counts(shop))
    migrate("sessions", "zero")
    seen.append(counts(shop))

    assert seen == [APPS, {**APPS, "contenttypes": 1}, {}, {"sessions": 1}]
    assert queries(shop) == [QUESTION]


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
    ("applied", "lacking"),
    [
        ([], ["0001_squashed_0002", "0003_third"]),
        (["0001_first"], ["0002_second", "0003_third"]),
        (["0001_first", "0002_second"], ["0003_third"]),
        (["0001_first", "0002_second", "0001_squashed_0002"], ["0003_third"]),
        (["0001_first", "0002_second", "0003_third"], []),
    ],
)
def test_a_squashed_migration_counts_as_migrate_counts_it(shop, install, applied, lacking):
    label = "tests_app_squashed"
    with install(label, **SQUASHED):
        recorder = MigrationRecorder(shop)
        recorder.ensure_schema()
        for name in applied:
            recorder.record_applied(label, name)

        assert unapplied(shop).get(label, []) == lacking
        migrate()
        assert unapplied(shop) == {}


def test_a_list_of_apps_that_changes_is_another_question(shop, install):
    migrate()
    before = counts(shop)
    with install("tests_app_more", **{"0001_first": "", "0002_second": ""}):
        between = unapplied(shop)
    after = counts(shop)

    assert (before, after) == ({}, {})
    assert between == {"tests_app_more": ["0001_first", "0002_second"]}


def test_migrations_of_an_app_may_lie_elsewhere_or_be_switched_off(shop):
    migrate()
    with override_settings(MIGRATION_MODULES={"sessions": None}):
        assert unapplied(shop) == {}
    with override_settings(MIGRATION_MODULES={"sessions": "django.contrib.auth.migrations"}):
        assert len(unapplied(shop)["sessions"]) == 11


def test_a_project_without_migrations_asks_no_database(shop):
    with override_settings(INSTALLED_APPS=["dockerflow.django"]):
        assert (unapplied(shop), queries(shop)) == ({}, [])


class OnlySessions:
    """Sessions live in the database ``shop``, everything else in the default one."""

    def allow_migrate(self, db, app_label, **hints):
        return (db == "shop") == (app_label == "sessions")


def test_each_database_lacks_only_what_its_routers_let_into_it(shop, django_db_blocker):
    with override_settings(DATABASE_ROUTERS=["tests.django.test_unapplied.OnlySessions"]):
        assert unapplied(shop) == {"sessions": ["0001_initial"]}
        migrate("sessions")
        assert unapplied(shop) == {}


def test_an_app_without_models_is_migrated_where_the_routers_let_it(shop, install):
    with install("tests_app_plain", **{"0001_first": ""}):
        assert unapplied(shop)["tests_app_plain"] == ["0001_first"]
        with override_settings(DATABASE_ROUTERS=["tests.django.test_unapplied.OnlySessions"]):
            assert set(unapplied(shop)) == {"sessions"}


def test_what_is_applied_and_no_longer_there_is_no_business_of_ours(shop):
    migrate()
    MigrationRecorder(shop).record_applied("gone", "0001_initial")

    assert unapplied(shop) == {}


def test_migration_files_are_read_once(shop, install, tmp_path):
    label = "tests_app_once"
    with install(label, **{"0001_first": "", "0002_second": ""}):
        before = unapplied(shop)[label]
        shutil.rmtree(tmp_path / label)
        MigrationRecorder(shop).ensure_schema()
        MigrationRecorder(shop).record_applied(label, "0001_first")
        after = unapplied(shop)[label]

    assert (before, after) == (["0001_first", "0002_second"], ["0002_second"])
