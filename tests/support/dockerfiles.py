"""Dockerfiles, and what verify says of the accounts that they make."""

from dockerflow.cli.verify.dockerfile import check

PASSED = ("passed", "passed")
FAILED = ("failed", "failed")
UNCHECKED = ("not checked", "not checked")


def outcomes(text):
    """Return what the lines app-group and app-user say of the Dockerfile ``text``."""
    found = check(text)
    return str(found["app-group"]), str(found["app-user"])
