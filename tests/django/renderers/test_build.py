"""The build, as the page shows it."""

import pytest

from dockerflow.django.renderers.build import Fact, facts, web_address

COMMIT = "4e6cdab0c1d2e3f405162738495a6b7c8d9e0f10"


@pytest.mark.parametrize(
    ("source", "commit", "version"),
    [
        ("https://github.com/shop/web", "/commit/", "/tree/"),
        ("https://github.com/shop/web.git", "/commit/", "/tree/"),
        ("https://gitlab.example.com/shop/web", "/-/commit/", "/-/tree/"),
        ("https://bitbucket.org/shop/web/", "/commits/", "/src/"),
        ("https://codeberg.org/shop/web", "/commit/", "/src/tag/"),
    ],
)
def test_commit_and_version_lead_to_a_host_that_is_known(source, commit, version):
    base = source.rstrip("/").removesuffix(".git")
    build = "https://ci.example.com/shop/builds/412"

    assert facts({"source": source, "version": "v1/2", "commit": COMMIT, "build": build}) == [
        Fact("Version", "v1/2", f"{base}{version}v1%2F2"),
        Fact("Commit", "4e6cdab0c1d2", f"{base}{commit}{COMMIT}", is_code=True),
        Fact("Build", "builds/412", build),
        Fact("Source", "shop/web", base),
    ]


def test_commit_and_version_of_another_host_lead_nowhere():
    source = "https://git.example.com/shop/web"

    assert facts({"source": source, "version": "1.2", "commit": COMMIT}) == [
        Fact("Version", "1.2"),
        Fact("Commit", "4e6cdab0c1d2", is_code=True),
        Fact("Source", "shop/web", source),
    ]


@pytest.mark.parametrize(
    "version_object",
    [None, {}, {"version": "", "source": None}],
)
def test_what_is_not_known_is_left_out(version_object):
    assert facts(version_object) == []


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "https://user:password@example.com/", "http://[", "example.com", ""],
)
def test_only_a_web_address_without_credentials_is_a_link(text):
    assert web_address(text) == ""
