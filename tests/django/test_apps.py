"""What ``INSTALLED_APPS`` brings: a start that is refused, or checks that wait to be asked."""

import json
import os
import subprocess
import sys

import django
import pytest
from django.core import checks
from django.test import modify_settings

from dockerflow import health
from dockerflow.django import wiring
from dockerflow.django.checks import register
from tests.support import sample_checks
from tests.support.browser import BROWSERS
from tests.support.web import python_path

SETTINGS = """
import os

SECRET_KEY = "of-a-project-that-is-fifty-characters-long-and-then-some"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "dockerflow.django",
]
MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "HOST": "127.0.0.1",
        "PORT": 1,
    }
}
STATIC_URL = "static/"
STATIC_ROOT = os.environ["BASE_DIR"]
USE_TZ = True
LOGGING = {"version": 1, "root": {"handlers": []}}
SILENCED_SYSTEM_CHECKS = ["dockerflow.W004", "dockerflow.W006", "dockerflow.W008"] + [
    f"security.W{number:03}" for number in range(30)
]
"""

HANDLER = '"handlers": {"stderr": {"class": "logging.StreamHandler"}}, '


@pytest.fixture
def manage(tmp_path):
    """Runs a command of a project whose database is nowhere to be found."""
    (tmp_path / "shop_settings.py").write_text(SETTINGS)

    def manage(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            env={
                "BASE_DIR": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "shop_settings",
                "PYTHONPATH": os.pathsep.join([str(tmp_path), python_path()]),
                "PYTHONWARNINGS": "error",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return manage


def refusal(done):
    """The text of the ImproperlyConfigured that a process ended with."""
    assert done.returncode == 1, done.stdout
    _, _, text = done.stderr.partition("\ndjango.core.exceptions.ImproperlyConfigured: ")
    return text.rstrip("\n")


def test_the_start_is_refused_with_everything_that_is_wrong(manage):
    done = manage(
        "check",
        DOCKERFLOW_CHECKS="dockerflow.django.checks.check_databse_connected",
        DOCKERFLOW_HEARTBEAT_TIMEOUT="abc",
        DOCKERFLOW_HEARTBEAT_DETIALS="always",
    )

    assert refusal(done) == (
        "Invalid Dockerflow settings:\n"
        "- DOCKERFLOW_CHECKS (environment):"
        " 'dockerflow.django.checks.check_databse_connected' does not exist:"
        " dockerflow.django.checks has no check_databse_connected;"
        " did you mean check_database_connected? Expected a list of checks by name or dotted path,"
        " comma-separated or as a JSON array.\n"
        "- DOCKERFLOW_HEARTBEAT_TIMEOUT (environment): 'abc' is not a number."
        " Expected a number of seconds, above 0.\n"
        "- DOCKERFLOW_HEARTBEAT_DETIALS (environment) is not a setting of Dockerflow;"
        " did you mean DOCKERFLOW_HEARTBEAT_DETAILS?"
    )


def test_a_function_that_is_no_system_check_is_one_more_problem(manage):
    done = manage(
        "check",
        DOCKERFLOW_CHECKS="tests.support.sample_checks.takes_nothing,builtins.dict",
        DOCKERFLOW_HEARTBEAT_TIMEOUT="abc",
    )

    assert refusal(done) == (
        "Invalid Dockerflow settings:\n"
        "- DOCKERFLOW_CHECKS (environment):"
        " 'tests.support.sample_checks.takes_nothing,builtins.dict' holds"
        " 'tests.support.sample_checks.takes_nothing', which takes no **kwargs,"
        " as a system check must."
        " Expected a list of checks by name or dotted path, comma-separated or as a JSON array.\n"
        "- DOCKERFLOW_CHECKS (environment):"
        " 'tests.support.sample_checks.takes_nothing,builtins.dict' holds"
        " 'builtins.dict', which takes no **kwargs, as a system check must."
        " Expected a list of checks by name or dotted path, comma-separated or as a JSON array.\n"
        "- DOCKERFLOW_HEARTBEAT_TIMEOUT (environment): 'abc' is not a number."
        " Expected a number of seconds, above 0."
    )


def test_logging_that_reads_the_same_settings_lets_the_refusal_through(manage, tmp_path):
    settings = tmp_path / "shop_settings.py"
    settings.write_text(
        SETTINGS + "import dockerflow.logging\nLOGGING = dockerflow.logging.config()\n"
    )
    done = manage("check", DOCKERFLOW_LOG_FORMAT="xml", DOCKERFLOW_LOG_LEVEL="loud")

    assert refusal(done) == (
        "Invalid Dockerflow settings:\n"
        "- DOCKERFLOW_LOG_FORMAT (environment): 'xml' is not mozlog or console.\n"
        "- DOCKERFLOW_LOG_LEVEL (environment): 'loud' is not DEBUG, INFO, WARNING, ERROR or"
        " CRITICAL."
    )


def test_a_misspelt_name_alone_is_pointed_out_by_check_and_not_logged(manage, tmp_path):
    (tmp_path / "shop_settings.py").write_text(SETTINGS.replace("LOGGING = ", "NO_LOGGING = "))
    done = manage("check", DOCKERFLOW_HEARTBEAT_DETIALS="always")
    issues, _, _ = done.stderr.partition("\n\nSystem check identified 1 issue (")

    assert (done.returncode, issues) == (
        0,
        (
            "System check identified some issues:\n"
            "\n"
            "WARNINGS:\n"
            "?: (dockerflow.W001) DOCKERFLOW_HEARTBEAT_DETIALS (environment) is not a setting of"
            " Dockerflow; did you mean DOCKERFLOW_HEARTBEAT_DETAILS?"
        ),
    )


@pytest.mark.parametrize(
    ("command", "issues"),
    [
        (["check"], []),
        (["migrate"], []),
        (
            ["check", "--deploy"],
            ["?: (dockerflow.W006) There is no version object: {}/version.json does not exist"],
        ),
    ],
    ids=["check", "migrate", "check --deploy"],
)
def test_a_checkout_without_a_version_object_is_pointed_out_for_a_deployment_only(
    manage, tmp_path, command, issues
):
    sqlite = (
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n"
    )
    settings = SETTINGS.replace('"dockerflow.W006", ', "") + sqlite
    (tmp_path / "shop_settings.py").write_text(settings)
    done = manage(*command)

    assert (done.returncode, "DEBUG" in done.stdout) == (0, False), done.stderr
    found = [line for line in done.stderr.splitlines() if "dockerflow.W" in line]
    assert found == [issue.format(tmp_path) for issue in issues]


@pytest.mark.parametrize(
    "name", ["dockerflow.django", "dockerflow.django.apps.DockerFlowAppConfig"]
)
def test_the_app_has_its_own_name_and_that_of_mozillas_package(manage, tmp_path, name):
    settings = SETTINGS.replace('"dockerflow.django",', f'"{name}",')
    (tmp_path / "shop_settings.py").write_text(settings)
    program = (
        "import django; django.setup(); from django.apps import apps; print(*apps.app_configs)"
    )
    done = manage("check")
    shown = manage("shell", "-c", program, "--verbosity=0")

    assert (done.returncode, shown.stdout) == (0, "contenttypes staticfiles dockerflow\n")
    assert refusal(manage("check", DOCKERFLOW_HEARTBEAT_TIMEOUT="abc")).endswith("above 0.")


@pytest.mark.parametrize(
    "command", [["check"], ["check", "--deploy"], ["collectstatic", "--no-input"]], ids=" ".join
)
def test_no_database_is_needed_for(manage, command):
    done = manage(*command)

    assert (done.returncode, "dockerflow" in done.stdout + done.stderr) == (0, False), done.stderr


def issues(done):
    """Id and beginning of the text of each message."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("?: ")]
    return [line.partition(": connection")[0] for line in lines]


@pytest.mark.parametrize(
    "command",
    [
        ["check", "--deploy", "--database", "default"],
        ["check", "--deploy", "--tag", "dockerflow", "--database", "default"],
        # From 6.1 on, a tag stands for all databases; before, for none.
        *[["check", "--deploy", "--tag", "dockerflow"]] * (django.VERSION >= (6, 1)),
    ],
    ids=" ".join,
)
def test_all_checks_run_where_a_deployment_asks_for_a_database(manage, command):
    done = manage(*command, DOCKERFLOW_OPTIONAL_CHECKS="tests.support.sample_checks.awaits")

    assert done.returncode == 1
    assert issues(done) == [
        '?: (dockerflow.health.E001) Could not connect to database "default"',
        "?: (tests.W002) awaited",
        '?: (dockerflow.health.I001) Could not read the migrations of database "default"',
    ]


def test_whoever_asks_for_a_database_has_its_connection_tested(manage):
    done = manage("check", "--database", "default")

    assert done.returncode == 1
    assert issues(done) == ['?: (dockerflow.health.E001) Could not connect to database "default"']


def test_a_check_that_raises_or_returns_no_messages_hides_no_other_and_no_failure(manage, tmp_path):
    (tmp_path / "shop_settings.py").write_text(SETTINGS + SQLITE)
    names = ["exits", "returns_text", "breaks_off", "gives_away_a_password", "answers_nothing"]
    names += ["forgets_to_await", "fails"]
    listed = [f"tests.support.sample_checks.{name}" for name in names]
    done = manage(
        *("check", "--deploy", "--database", "default"), DOCKERFLOW_CHECKS=",".join(listed)
    )

    found = [line for line in done.stderr.splitlines() if ": (" in line]
    junk, raised = "?: (dockerflow.health.C003)", "?: (dockerflow.health.C002)"
    assert (done.returncode, "hush" in done.stderr, set(found)) == (
        1,
        False,
        {
            f"{junk} answers_nothing returned NoneType, expected a list of messages",
            f"{junk} forgets_to_await returned Task, expected a list of messages",
            f"{junk} returns_text returned str, expected a message",
            f"{raised} exits raised SystemExit: 0",
            f"{raised} breaks_off raised LookupError: no more",
            f"{raised} gives_away_a_password raised OSError: cannot reach postgres://***@db",
            "the queue: (tests.W001) beware",
            "?: (tests.E001) down",
        },
    )


def test_a_message_of_a_check_says_what_to_do_about_its_id(manage, tmp_path):
    (tmp_path / "shop_settings.py").write_text(SETTINGS + SQLITE)
    done = manage(
        *("check", "--deploy", "--database", "default"), DOCKERFLOW_CHECKS="check_disk_space[/:99%]"
    )

    assert done.returncode == 1
    assert f"HINT: {health.ADVICE[health.ERROR_DISK_FULL]}" in done.stderr


SQLITE = """
DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["BASE_DIR"] + f"/{alias}.sqlite3",
    }
    for alias in ("default", "replica")
}
"""


def test_an_empty_database_is_migrated_without_a_word_about_its_migrations(manage, tmp_path):
    (tmp_path / "shop_settings.py").write_text(SETTINGS + SQLITE)
    for alias in ("default", "replica"):
        (tmp_path / f"{alias}.sqlite3").touch()
    before = manage("check", "--deploy", "--database", "default")
    migrated = manage("migrate")
    after = manage("check", "--deploy", "--database", "default")
    other = manage("check", "--deploy", "--database", "replica")

    lacks = '?: (dockerflow.health.W001) Database "{}" has 2 unapplied migrations of contenttypes ('
    assert [line.partition("0001")[0] for line in issues(before)] == [lacks.format("default")]
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert (after.returncode, after.stderr) == (0, "")
    assert [line.partition("0001")[0] for line in issues(other)] == [lacks.format("replica")]


def test_a_new_project_is_migrated_into_a_file_that_is_still_to_be_created(manage, tmp_path):
    (tmp_path / "shop_settings.py").write_text(SETTINGS + SQLITE)
    plain = manage("check", "--tag", "dockerflow")
    migrated = manage("migrate")

    assert (plain.returncode, issues(plain)) == (0, [])
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert (tmp_path / "default.sqlite3").stat().st_size > 0


def test_a_file_that_cannot_be_created_is_an_error_before_migrating(manage, tmp_path):
    missing = SQLITE.replace('["BASE_DIR"]', '["BASE_DIR"] + "/data"')
    (tmp_path / "shop_settings.py").write_text(SETTINGS + missing)
    done = manage("migrate")

    text = 'Could not connect to database "default"'
    path = f"{tmp_path}/data/default.sqlite3: No such file or directory"
    assert (done.returncode, issues(done)) == (1, [f"?: (dockerflow.health.E001) {text}: {path}"])


def test_only_the_subjects_of_the_settings_are_checked(manage, tmp_path):
    (tmp_path / "shop_settings.py").write_text(SETTINGS + SQLITE)
    for alias in ("default", "replica"):
        (tmp_path / f"{alias}.sqlite3").touch()
    done = manage(
        *("check", "--deploy", "--database", "default", "--database", "replica"),
        DOCKERFLOW_CHECKS="check_database_connected,check_migrations_applied[replica]",
    )

    assert [line.partition(" has ")[0] for line in issues(done)] == [
        '?: (dockerflow.health.W001) Database "replica"'
    ]


def test_a_check_that_fails_does_not_keep_anybody_from_migrating(manage, tmp_path):
    settings = tmp_path / "shop_settings.py"
    settings.write_text(
        SETTINGS
        + "DATABASES['default'] = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}\n"
    )
    done = manage("migrate", DOCKERFLOW_CHECKS="tests.support.sample_checks.collapses")

    assert (done.returncode, "Applying contenttypes.0001_initial... OK" in done.stdout) == (0, True)


WITHOUT_APP = (
    '"dockerflow.django" is not in INSTALLED_APPS: bad settings do not stop the start, there are no'
    " system checks, and no manage.py dockerflow"
)


def test_the_name_of_the_package_in_place_of_the_app_is_pointed_out(manage, tmp_path):
    wrong = SETTINGS.replace('"dockerflow.django",', '"dockerflow",')
    (tmp_path / "shop_settings.py").write_text(wrong)
    done = manage("check", DOCKERFLOW_HEARTBEAT_TIMEOUT="abc")

    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "System check identified some issues:",
        "",
        "WARNINGS:",
        f"?: (dockerflow.W012) {WITHOUT_APP}",
        '\tHINT: Write "dockerflow.django" in place of "dockerflow".',
        "",
        "System check identified 1 issue (0 silenced).",
    ]


@pytest.mark.parametrize(
    ("apps", "hints"),
    [
        ('"dockerflow.django"', []),
        ('"dockerflow.django.apps.DockerFlowAppConfig"', []),
        ('"dockerflow"', ['Write "dockerflow.django" in place of "dockerflow".']),
        ("", ['Add "dockerflow.django".']),
    ],
)
def test_the_middleware_says_when_the_app_is_not_installed(manage, tmp_path, apps, hints):
    without = SETTINGS.replace('"dockerflow.django",', apps)
    without = without.replace('{"handlers": []}', '{"handlers": ["stderr"]}')
    without = without.replace('{"version": 1, ', '{"version": 1, ' + HANDLER)
    (tmp_path / "shop_settings.py").write_text(without)
    done = manage(
        "shell", "--verbosity=0", "-c", "import django.test; django.test.Client().get('/')"
    )

    warnings = [line for line in done.stderr.splitlines() if "INSTALLED_APPS" in line]
    assert warnings == [f"{WITHOUT_APP}. {hint}" for hint in hints]


WSGI = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop_settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""


@pytest.mark.parametrize("log_format", ["", "mozlog"])
def test_a_server_logs_what_has_no_effect_in_one_warning_when_it_starts(
    manage, tmp_path, log_format
):
    logging = "import dockerflow.logging\nLOGGING = dockerflow.logging.config()\n"
    (tmp_path / "shop_settings.py").write_text(
        SETTINGS.replace("LOGGING = ", "NO_LOGGING = ") + (logging if log_format else "")
    )
    (tmp_path / "wsgi.py").write_text(WSGI)
    (tmp_path / ".env").write_text("export DOCKERFLOW_HEARTBEAT_TTL=1\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "gunicorn", "--check-config", "wsgi"],
        cwd=tmp_path,
        env={
            "BASE_DIR": str(tmp_path),
            "PYTHONPATH": python_path(),
            "DOCKERFLOW_HEARTBEAT_TIMOUT": "3",
            "DOCKERFLOW_QQQQ": "1",
            "DOCKERFLOW_SERVICE_HOST": "10.0.0.7",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    text = (
        "DOCKERFLOW_HEARTBEAT_TIMOUT (environment) is not a setting of Dockerflow;"
        " did you mean DOCKERFLOW_HEARTBEAT_TIMEOUT?"
        " DOCKERFLOW_QQQQ (environment) is not a setting of Dockerflow."
        f" Line 1 of {tmp_path}/.env has no effect."
        " Write NAME=value, with NAME in capital letters and nothing before it."
    )
    if log_format:
        record = json.loads(done.stdout)
        assert (record["Type"], record["Severity"]) == ("dockerflow.django", 4)
        assert (record["Fields"]["msg"], done.stderr) == (text, "")
    else:
        assert (done.stdout, done.stderr) == ("", f"{text}\n")


@pytest.mark.parametrize(
    ("program", "is_one"),
    [
        ("manage.py", True),
        ("/app/manage.py", True),
        ("/venv/bin/django-admin", True),
        ("/venv/lib/django/__main__.py", True),
        ("/venv/lib/configurations/__main__.py", True),
        ("/venv/bin/gunicorn", False),
        ("/venv/lib/gunicorn/__main__.py", False),
        ("/venv/bin/celery", False),
        ("", False),
        ("-c", False),
    ],
)
def test_management_commands_are_known_by_their_program(program, is_one):
    assert wiring._is_management_command(program) == is_one


# Registration


@pytest.fixture
def registry():
    """Django's registry, empty for the time of the test."""
    registry = checks.registry.registry
    before = registry.registered_checks, registry.deployment_checks
    registry.registered_checks, registry.deployment_checks = set(), set()
    yield registry
    registry.registered_checks, registry.deployment_checks = before


def test_each_check_is_registered_once_however_often_that_is_asked_for(registry, settings):
    settings.DOCKERFLOW_CHECKS = ["dockerflow.django.checks.check_caches"]
    settings.DOCKERFLOW_OPTIONAL_CHECKS = ["tests.support.sample_checks.passes"]
    register()
    register()

    registered = [(check.__name__, check.tags) for check in registry.deployment_checks]
    assert sorted(registered) == [
        ("check_caches", ("dockerflow", "database")),
        ("passes", ("dockerflow", "database")),
    ]
    assert registry.registered_checks == set()


@pytest.mark.usefixtures("registry")
def test_a_projects_own_registration_stays_as_it_is(settings):
    settings.DOCKERFLOW_CHECKS = ["tests.support.sample_checks.warns"]
    checks.register(sample_checks.warns, "shop")
    register()

    assert sample_checks.warns.tags == ("shop",)
    assert checks.run_checks(tags=["shop"]) == [checks.Warning("beware", id="tests.W001")]
    asked = checks.run_checks(
        tags=["database"], include_deployment_checks=True, databases=["default"]
    )
    assert checks.Warning("beware", id="tests.W001") in asked


def test_the_middleware_needs_no_app(settings):
    settings.DOCKERFLOW_CHECKS = ["tests.support.sample_checks.informs"]
    with modify_settings(INSTALLED_APPS={"remove": "dockerflow.django"}):
        response = BROWSERS["sync"]("/__heartbeat__")

    assert (response.status_code, response.json()) == (200, {"status": "info"})
