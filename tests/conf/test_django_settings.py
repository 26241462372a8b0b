"""Django's settings: left alone in a process without Django, else loaded by the first read."""

import subprocess
import sys

import pytest

from dockerflow.conf.sources import django_settings
from tests.support.process import python_path

SHOP = """
DOCKERFLOW_HEARTBEAT_TTL = 1
SECRET_KEY = "shop"
USE_TZ = True
"""


@pytest.fixture
def run(tmp_path):
    """Runs a program beside the modules that it is given; returns what it prints."""

    def run(program, *, files=None, **environment):
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": f"{tmp_path}:{python_path()}", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return run


# In a process that does not use Django

WITHOUT = """
import logging.config
import sys
{imports}
import dockerflow.logging
from dockerflow.conf import conf, lenient
logging.config.dictConfig(dockerflow.logging.config())
conf.unknown_names()
print(conf.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_HEARTBEAT_TIMEOUT, conf.DOCKERFLOW_DATABASES)
print(logging.getLogger().level, "django.conf" in sys.modules, "shop" in sys.modules)
"""


@pytest.mark.parametrize("module", ["", "shop"])
def test_a_process_without_django_gets_none_of_it(run, module):
    printed = run(
        WITHOUT.format(imports=""),
        files={"shop.py": SHOP},
        DJANGO_SETTINGS_MODULE=module,
        DOCKERFLOW_HEARTBEAT_TTL="7",
        DOCKERFLOW_DATABASES="any",
        DOCKERFLOW_LOG_LEVEL="ERROR",
    )

    assert printed == "7.0 5.0 ['any']\n40 False False\n"


def test_settings_that_nobody_configures_stay_unconfigured(run):
    program = WITHOUT.format(imports="from django.conf import settings")
    printed = run(f"{program}\nprint(settings.configured)", DOCKERFLOW_HEARTBEAT_TTL="7")

    assert printed == "7.0 5.0 None\n20 True False\nFalse\n"


# Once the process has imported django.conf

FIRST_READ = """
from django.conf import settings
from dockerflow.conf import conf
before = conf.DOCKERFLOW_HEARTBEAT_TTL, settings.configured
settings.DEBUG
print(before, conf.DOCKERFLOW_HEARTBEAT_TTL)
"""


def test_the_first_read_loads_the_settings(run):
    printed = run(
        FIRST_READ,
        files={"shop.py": SHOP},
        DJANGO_SETTINGS_MODULE="shop",
        DOCKERFLOW_HEARTBEAT_TTL="7",
    )

    assert printed == "(1.0, True) 1.0\n"


def test_also_of_a_settings_module_that_somebody_has_imported_already(run):
    printed = run(
        f"import shop.settings\n{FIRST_READ}",
        files={"shop/__init__.py": "", "shop/settings.py": SHOP},
        DJANGO_SETTINGS_MODULE="shop.settings",
    )

    assert printed == "(1.0, True) 1.0\n"


def test_settings_that_cannot_be_loaded_are_djangos_error(run):
    errors = [
        run(FIRST_READ, files={"shop.py": content}, DJANGO_SETTINGS_MODULE=module).splitlines()[-1]
        for content, module in [
            ("", "nowhere"),
            ("import os\nos.nowhere", "shop"),
            ("ALLOWED_HOSTS = 5", "shop"),
        ]
    ]

    assert errors == [
        "ModuleNotFoundError: No module named 'nowhere'",
        "AttributeError: module 'os' has no attribute 'nowhere'",
        (
            "django.core.exceptions.ImproperlyConfigured:"
            " The ALLOWED_HOSTS setting must be a list or a tuple."
        ),
    ]


# While the settings are loaded

READS = "from dockerflow.conf import conf\nSEEN = conf.DOCKERFLOW_HEARTBEAT_TTL\n"
PACKAGE = {
    "shop/__init__.py": "",
    "shop/settings/__init__.py": f"{READS}NAME = 'shop'\n",
    "shop/settings/production.py": f"from shop.settings import *\n{SHOP}LAST = NAME\n",
}
LOADED = """
from django.conf import settings
from dockerflow.conf import conf
print(settings.SEEN, settings.DOCKERFLOW_HEARTBEAT_TTL, conf.DOCKERFLOW_HEARTBEAT_TTL)
"""


@pytest.mark.parametrize("first", ["settings", "conf"])
@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("shop", {"shop.py": SHOP + READS}),
        ("shop.settings.production", PACKAGE),
        ("base_first", {"base.py": READS, "base_first.py": f"from base import *\n{SHOP}"}),
        ("shop.late", {"shop/__init__.py": READS, "shop/late.py": f"from shop import *\n{SHOP}"}),
    ],
)
def test_the_settings_module_itself_reads_environment_and_defaults(run, module, files, first):
    touch = {"settings": "", "conf": "import django.conf\nREADS = conf.DOCKERFLOW_HEARTBEAT_TTL\n"}
    program = f"from dockerflow.conf import conf\n{touch[first]}{LOADED}"
    printed = run(program, files=files, DJANGO_SETTINGS_MODULE=module, DOCKERFLOW_HEARTBEAT_TTL="7")

    assert printed == "7.0 1 1.0\n"


CONFIGURED = """
from configurations import Configuration
from dockerflow.conf import conf

class Production(Configuration):
    SECRET_KEY = "shop"
    SEEN = conf.DOCKERFLOW_HEARTBEAT_TTL
    SEEN_LATER = property(lambda self: conf.DOCKERFLOW_HEARTBEAT_TTL)
    DOCKERFLOW_HEARTBEAT_TTL = 1

    @classmethod
    def setup(cls):
        super().setup()
        cls.SEEN_IN_SETUP = conf.DOCKERFLOW_HEARTBEAT_TTL
"""


@pytest.mark.once  # django-configurations 2.5.1 does not work on Python 3.15
@pytest.mark.parametrize(
    "first", ["django.setup()", "conf.DOCKERFLOW_HEARTBEAT_TTL", "settings.DEBUG"]
)
def test_a_class_of_django_configurations_reads_them_too(run, first):
    program = f"""
from configurations import importer
importer.install()
import django
from django.conf import settings
from dockerflow.conf import conf
{first}
print(settings.SEEN, settings.SEEN_LATER, settings.SEEN_IN_SETUP, conf.DOCKERFLOW_HEARTBEAT_TTL)
"""
    printed = run(
        program,
        files={"shop.py": CONFIGURED},
        DJANGO_SETTINGS_MODULE="shop",
        DJANGO_CONFIGURATION="Production",
        DOCKERFLOW_HEARTBEAT_TTL="7",
    )

    assert printed == "7.0 7.0 7.0 1.0\n"


# The one private name


def test_what_djangos_lazy_settings_wrap_has_the_settings(settings):
    settings.DOCKERFLOW_HEARTBEAT_TTL = 1
    wrapped = django_settings()

    assert wrapped is object.__getattribute__(sys.modules["django.conf"].settings, "_wrapped")
    assert wrapped.DOCKERFLOW_HEARTBEAT_TTL == settings.DOCKERFLOW_HEARTBEAT_TTL == 1
