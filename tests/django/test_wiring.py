"""The system checks of a project's wiring: each warning, with and without its cause."""

import json
import logging

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core import checks
from django.middleware.security import SecurityMiddleware
from django.urls import include, path, re_path

from dockerflow.django.middleware import DockerflowMiddleware
from dockerflow.django.middleware_order import HARMLESS
from tests.support.browser import BROWSERS, ROUTES
from tests.urls import page

OURS = "dockerflow.django.middleware.DockerflowMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
VERSION = {"source": "https://example.com/r", "version": "1", "commit": "4e6cdab", "build": "7"}


@pytest.fixture(autouse=True)
def file(tmp_path, settings):
    """The version object."""
    settings.BASE_DIR = tmp_path
    file = tmp_path / "version.json"
    file.write_text(json.dumps(VERSION))
    return file


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    """The handlers of ``request.summary``: one that takes everything."""
    logger, handlers = logging.getLogger("request.summary"), [logging.StreamHandler()]
    monkeypatch.setattr(logger, "handlers", handlers)
    monkeypatch.setattr(logger, "propagate", False)
    logger.setLevel(logging.INFO)
    yield handlers
    logger.setLevel(logging.NOTSET)


def found():
    """The messages about the wiring of a plain ``manage.py check``, which asks no database."""
    return checks.run_checks(tags=["dockerflow"], databases=[])


def found_for_deployment():
    """Those of ``manage.py check --deploy``, without the heartbeat's own checks."""
    registered = checks.registry.registry.deployment_checks
    [version] = [check for check in registered if check.__name__ == "check_version_object"]
    return [*found(), *version(app_configs=None)]


def warning(number, text, hint=None):
    return checks.Warning(text, hint=hint, id=f"dockerflow.W{number:03}")


def test_a_good_project_has_no_messages():
    assert found() == found_for_deployment() == []


# W001


def test_an_unknown_setting_is_pointed_out(settings, monkeypatch):
    settings.DOCKERFLOW_CHECK = []
    monkeypatch.setenv("DOCKERFLOW_QQQQQQQQQQQQQQQQ", "1")

    assert found() == [
        warning(
            1,
            "DOCKERFLOW_CHECK (Django setting) is not a setting of Dockerflow;"
            " did you mean DOCKERFLOW_CHECKS?",
        ),
        warning(1, "DOCKERFLOW_QQQQQQQQQQQQQQQQ (environment) is not a setting of Dockerflow."),
    ]


# W009, W010


def test_a_file_that_is_ignored_is_pointed_out(tmp_path):
    (tmp_path / "settings.ini").write_text("[uwsgi]\nmodule = shop.wsgi\n")

    path = tmp_path / "settings.ini"
    assert found() == [warning(9, f"{path} is ignored: it has no [settings] section.")]


def test_a_line_without_effect_is_pointed_out(tmp_path):
    (tmp_path / ".env").write_text("export DOCKERFLOW_HEARTBEAT_TOKEN=sesame\n")

    text = (
        f"Line 1 of {tmp_path}/.env has no effect."
        " Write NAME=value, with NAME in capital letters and nothing before it."
    )
    assert found() == [warning(10, text)]


# W011


@pytest.mark.parametrize("source", ["setting", "file"])
def test_a_short_token_is_pointed_out(settings, tmp_path, source):
    if source == "file":
        (tmp_path / "token").write_text("sesame-sesame-sesam\n")
        settings.DOCKERFLOW_HEARTBEAT_TOKEN_FILE = tmp_path / "token"
    else:
        settings.DOCKERFLOW_HEARTBEAT_TOKEN = "sesame-sesame-sesam"

    assert found() == [
        warning(
            11,
            "DOCKERFLOW_HEARTBEAT_TOKEN has fewer than 20 characters",
            'Make one: python -c "import secrets; print(secrets.token_urlsafe())".',
        )
    ]


@pytest.mark.parametrize(
    "token", [None, "sesame-sesame-sesame", "l9eZtQSp1Bx9WECwRQtHE5Upu9hJvTGGtUZEVScznYc"]
)
def test_a_long_token_or_none_is_fine(settings, token):
    settings.DOCKERFLOW_HEARTBEAT_TOKEN = token

    assert found() == []


# W002


class OwnMiddleware(DockerflowMiddleware):
    """A project's own."""


HINT = (
    "Put DockerflowMiddleware first. OpenTelemetry's instrumentation puts its own in front, unless"
    " OTEL_PYTHON_DJANGO_MIDDLEWARE_POSITION=1 is set. Only what measures or traces every request"
    " may stay in front, if it neither answers requests nor asks for their Host."
)


def in_front(listed):
    return warning(
        2,
        f"{listed} before DockerflowMiddleware in MIDDLEWARE, where"
        f" {'it' if listed.endswith('stands') else 'they'} can refuse or redirect a probe",
        HINT,
    )


def test_a_middleware_that_is_not_first_is_pointed_out(settings):
    settings.MIDDLEWARE = [SECURITY, COMMON, OURS]

    assert found() == [in_front(f"{SECURITY} and {COMMON} stand")]


def test_a_middleware_of_the_projects_own_is_known_by_its_class(settings):
    settings.MIDDLEWARE = ["tests.django.test_wiring.OwnMiddleware", COMMON]
    first = found()
    settings.MIDDLEWARE = [COMMON, "tests.django.test_wiring.OwnMiddleware"]

    assert (first, found()) == ([], [in_front(f"{COMMON} stands")])


def test_a_middleware_that_does_not_exist_is_left_to_django(settings):
    settings.MIDDLEWARE = ["shop.middleware.Missing", OURS]

    assert found() == [in_front("shop.middleware.Missing stands")]


def test_what_is_known_to_be_harmless_may_stand_in_front(settings):
    settings.MIDDLEWARE = [*sorted(HARMLESS), SECURITY, OURS]
    warned = found()
    settings.MIDDLEWARE = [*sorted(HARMLESS), OURS]

    assert (warned, found()) == ([in_front(f"{SECURITY} stands")], [])


# W003


def catch_all(*, first):
    """A URLconf with the endpoints, and a view for whatever else there is."""
    ours = path("", include("dockerflow.django.urls", namespace="dockerflow"))
    everything = re_path(r"^", page)

    class URLs:
        urlpatterns = [everything, ours] if first else [ours, everything]

    return URLs


def test_a_route_that_stands_before_ours_is_pointed_out(settings):
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = catch_all(first=True)

    assert found() == [
        warning(
            3,
            f"/__{name}__ leads to tests.urls.page",
            "Include dockerflow.django.urls before the route that takes its place.",
        )
        for name in ROUTES
    ]


def test_a_route_that_stands_after_ours_is_none_of_our_business(settings):
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = catch_all(first=False)

    assert found() == []


def test_no_route_stands_before_the_middleware(settings):
    settings.ROOT_URLCONF = catch_all(first=True)

    assert found() == []


# W004

NOT_WIRED = warning(
    4,
    "No route leads to the endpoints of Dockerflow",
    "Put dockerflow.django.middleware.DockerflowMiddleware first in MIDDLEWARE,"
    ' or include("dockerflow.django.urls", namespace="dockerflow").',
)


def test_endpoints_that_nothing_leads_to_are_pointed_out(settings):
    settings.MIDDLEWARE = [SECURITY, COMMON]

    assert found() == [NOT_WIRED]


def test_a_project_that_has_no_urls_at_all_is_told_so(settings):
    del settings.ROOT_URLCONF

    assert found() == [
        warning(4, NOT_WIRED.msg, "Set ROOT_URLCONF: without it, Django answers no request.")
    ]


def urls(*patterns):
    class URLs:
        urlpatterns = patterns

    return URLs


@pytest.mark.parametrize(
    "urlconf",
    [
        "tests.support.included_urls",
        urls(path("ops/", include("dockerflow.django.urls", namespace="dockerflow"))),
        urls(path("", include("dockerflow.django.urls", namespace="other"))),
        urls(path("", include("dockerflow.django.urls"))),
        urls(*i18n_patterns(path("", include("dockerflow.django.urls")))),
    ],
)
def test_an_included_urlconf_leads_to_them_wherever_it_is(settings, urlconf):
    settings.MIDDLEWARE = [COMMON]
    settings.ROOT_URLCONF = urlconf

    assert found() == []


# W005

REDIRECTED = warning(
    5,
    "SECURE_SSL_REDIRECT redirects probes without TLS before they reach Dockerflow",
    "Put DockerflowMiddleware first in MIDDLEWARE, or add"
    r' r"^__(version|heartbeat|lbheartbeat)__/?\Z" to SECURE_REDIRECT_EXEMPT.',
)
EXEMPT = [r"^__(version|heartbeat|lbheartbeat)__/?\Z"]  # as in the hint


@pytest.fixture
def redirecting(settings):
    settings.SECURE_SSL_REDIRECT = True
    return settings


def test_a_redirect_in_front_of_the_urls_is_pointed_out(redirecting):
    redirecting.ROOT_URLCONF = "tests.support.included_urls"
    redirecting.MIDDLEWARE = [SECURITY]
    warned = found()
    redirecting.SECURE_REDIRECT_EXEMPT = EXEMPT

    assert (warned, found()) == ([REDIRECTED], [])


def test_a_redirect_in_front_of_the_middleware_is_pointed_out(redirecting):
    redirecting.MIDDLEWARE = [SECURITY, OURS]
    warned = found()
    redirecting.SECURE_REDIRECT_EXEMPT = EXEMPT

    assert (warned, found()) == (
        [in_front(f"{SECURITY} stands"), REDIRECTED],
        [in_front(f"{SECURITY} stands")],
    )


@pytest.mark.parametrize(
    ("exempt", "expected"),
    [
        ([r"^__lbheartbeat__"], [REDIRECTED]),
        ([r"^__heartbeat__"], [REDIRECTED]),
        ([r"^__heartbeat__", r"^__lbheartbeat__"], []),  # nobody probes the version
        ([r"^__"], []),
    ],
)
def test_an_exemption_has_to_cover_both_probes(redirecting, exempt, expected):
    redirecting.ROOT_URLCONF = "tests.support.included_urls"
    redirecting.MIDDLEWARE = [SECURITY]
    redirecting.SECURE_REDIRECT_EXEMPT = exempt

    assert found() == expected
    # which is what a probe finds
    probes = ["/__heartbeat__", "/__lbheartbeat__"]
    statuses = {BROWSERS["sync"](path).status_code for path in probes}
    assert (301 in statuses) == bool(expected)


class OwnSecurity(SecurityMiddleware):
    """A project's own."""


def test_a_subclass_that_redirects_is_known_too(redirecting):
    redirecting.ROOT_URLCONF = "tests.support.included_urls"
    redirecting.MIDDLEWARE = [f"{__name__}.OwnSecurity"]

    assert found() == [REDIRECTED]


@pytest.mark.parametrize("middleware", [[OURS, SECURITY], [OURS], []])
def test_a_redirect_behind_the_middleware_or_by_nobody_is_fine(redirecting, middleware):
    redirecting.ROOT_URLCONF = "tests.support.included_urls"
    redirecting.MIDDLEWARE = middleware

    assert found() == []


# W006


def nothing(root):
    return None


def junk(root):
    return ["1.4.0"]


def breaks(root):
    raise OSError("cannot reach https://me:hush@registry")


MISSING_HINT = (
    "Write it when the image is built: python -m dockerflow version --output version.json."
)


def test_a_missing_version_object_is_pointed_out_for_a_deployment_only(settings, file):
    file.unlink()
    warned, plain = found_for_deployment(), found()
    settings.DEBUG = True

    assert (plain, found_for_deployment()) == ([], [])
    text = f"There is no version object: {file} does not exist"
    assert warned == [warning(6, text, MISSING_HINT)]


@pytest.mark.parametrize(
    ("callback", "reason"),
    [
        ("breaks", "OSError: cannot reach https://***@registry"),
        ("junk", "TypeError: it is a list, not a dict"),
    ],
)
def test_a_version_callback_that_does_not_work_is_pointed_out(settings, callback, reason):
    settings.DOCKERFLOW_VERSION_CALLBACK = path = f"tests.django.test_wiring.{callback}"

    assert found_for_deployment() == [
        warning(6, f"{path} has no version object for {settings.BASE_DIR}: {reason}")
    ]


def test_a_version_callback_that_has_none_is_pointed_out(settings):
    settings.DOCKERFLOW_VERSION_CALLBACK = path = "tests.django.test_wiring.nothing"

    assert found_for_deployment() == [
        warning(6, f"{path} has no version object for {settings.BASE_DIR}", MISSING_HINT)
    ]


def test_a_broken_version_file_is_pointed_out(file):
    file.write_text("{")
    [message] = found_for_deployment()

    assert message.id == "dockerflow.W006"
    assert message.msg.startswith(
        f"dockerflow.version.get_version has no version object for {file.parent}:"
        f" ValueError: {file} is not JSON: "
    )


# W007


def test_a_version_object_that_lacks_keys_is_pointed_out_for_a_deployment_only(settings, file):
    file.write_text('{"version": "1", "build": "7", "more": 1}')
    warned, plain = found_for_deployment(), found()
    settings.DEBUG = True

    assert (plain, found_for_deployment()) == ([], [])
    assert warned == [
        warning(
            7,
            f"The version object for {file.parent} lacks source, commit",
            "The specification asks for source, version, commit and build.",
        )
    ]


# W008

UNHANDLED = warning(
    8,
    "No handler takes the records of the logger request.summary at level INFO, so that requests"
    " are not logged",
    "LOGGING = dockerflow.logging.config() sends them to stdout. If that is meant to be so, set the"
    ' level: LOGGING["loggers"]["request.summary"] = {"level": "WARNING"}.',
)


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.INFO])
def test_a_summary_that_a_handler_takes_is_logged(handlers, level):
    handlers[:] = [logging.StreamHandler()]
    handlers[0].setLevel(level)

    assert found() == []


def test_a_summary_that_no_handler_takes_is_pointed_out(handlers):
    handlers.clear()

    assert found() == [UNHANDLED]


def test_a_handler_of_a_higher_level_does_not_take_it(handlers):
    handlers[:] = [logging.StreamHandler()]
    handlers[0].setLevel(logging.WARNING)

    assert found() == [UNHANDLED]


def test_a_level_that_somebody_has_chosen_is_respected(handlers):
    handlers.clear()
    logging.getLogger("request.summary").setLevel(logging.WARNING)

    assert found() == []


def test_a_level_that_holds_for_all_is_respected(handlers, settings):
    handlers.clear()
    logging.getLogger("request.summary").setLevel(logging.NOTSET)
    unset = found()
    settings.DOCKERFLOW_LOG_LEVEL = "WARNING"

    assert (unset, found()) == ([UNHANDLED], [])


def test_a_handler_further_up_takes_it(handlers, monkeypatch):
    handlers.clear()
    monkeypatch.setattr(logging.getLogger("request.summary"), "propagate", True)
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler()])
    handled = found()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    assert (handled, found()) == ([], [UNHANDLED])


def test_without_the_middleware_there_is_no_summary(handlers, settings):
    handlers.clear()
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = "tests.support.included_urls"

    assert found() == []
