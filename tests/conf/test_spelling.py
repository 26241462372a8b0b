"""The nearest setting to a name that is none."""

import pytest

from dockerflow.conf import conf
from dockerflow.conf.spelling import nearest_by_words

KNOWN = [name for setting in conf for name in setting.names]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        # misspelt
        ("DOCKERFLOW_HEARTBEAT_TIMOUT", "DOCKERFLOW_HEARTBEAT_TIMEOUT"),
        ("DOCKERFLOW_HEARTBEAT_DETIALS", "DOCKERFLOW_HEARTBEAT_DETAILS"),
        ("DOCKERFLOW_HEARTBEATTIMEOUT", "DOCKERFLOW_HEARTBEAT_TIMEOUT"),
        ("DOCKERFLOW_LOGLEVEL", "DOCKERFLOW_LOG_LEVEL"),
        ("DOCKERFLOW_CHECK", "DOCKERFLOW_CHECKS"),
        ("DOCKERFLOW_DATABASE", "DOCKERFLOW_DATABASES"),
        ("DOCKERFLOW_EROR_ENDPOINT", "DOCKERFLOW_ERROR_ENDPOINT"),
        ("dockerflow_log_level", "DOCKERFLOW_LOG_LEVEL"),
        # shortened
        ("DOCKERFLOW_DETAILS", "DOCKERFLOW_HEARTBEAT_DETAILS"),
        ("DOCKERFLOW_TTL", "DOCKERFLOW_HEARTBEAT_TTL"),
        ("DOCKERFLOW_TIMEOUT", "DOCKERFLOW_HEARTBEAT_TIMEOUT"),
        ("DOCKERFLOW_FAIL_LEVEL", "DOCKERFLOW_HEARTBEAT_FAIL_LEVEL"),
        ("DOCKERFLOW_LEVEL", "DOCKERFLOW_LOG_LEVEL"),
        ("DOCKERFLOW_FORMAT", "DOCKERFLOW_LOG_FORMAT"),
        ("DOCKERFLOW_STATUS_CODE", "DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE"),
        ("DOCKERFLOW_REQUEST_ID_HEADER", "DOCKERFLOW_REQUEST_ID_HEADER_NAME"),
        # shortened and misspelt
        ("DOCKERFLOW_TIMOUT", "DOCKERFLOW_HEARTBEAT_TIMEOUT"),
        # lengthened
        ("DOCKERFLOW_HEARTBEAT_CHECKS", "DOCKERFLOW_CHECKS"),
        ("DOCKERFLOW_LOG_LEVEL_FILE", "DOCKERFLOW_LOG_LEVEL"),
        # nothing near
        ("DOCKERFLOW_PORT", None),
        ("DOCKERFLOW_HOST", None),
        ("DOCKERFLOW_HOSTNAME", None),
        ("DOCKERFLOW_SERVICE_HOST", None),
        ("DOCKERFLOW_DEBUG", None),
        ("DOCKERFLOW_IMAGE", None),
        ("DOCKERFLOW_URL", None),
        ("DOCKERFLOW_SENTRY_DSN", None),
        ("DOCKERFLOW_QQQQ", None),
        ("DOCKERFLOW_", None),
    ],
)
def test_the_nearest_by_words_is_found_without_the_prefix(name, meant):
    assert nearest_by_words(name, KNOWN, "DOCKERFLOW_") == meant
