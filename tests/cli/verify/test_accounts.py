"""``python -m dockerflow verify --dockerfile``: who creates the group and the user app."""

import pytest

from dockerflow.cli.verify.dockerfile import check

pytestmark = pytest.mark.once

BOTH = {"app-group", "app-user"}


def good(text):
    """Return which of the two lines of the report passed."""
    outcomes = check(text)
    return {name for name in BOTH if outcomes[name].passed}


@pytest.mark.parametrize(
    "commands",
    [
        # shadow
        ["RUN groupadd -g 10001 app && useradd -u 10001 -g app -m -s /sbin/nologin app"],
        ["RUN groupadd -rg10001 app; useradd -Mru10001 -gapp app"],
        ["RUN groupadd --system --gid=10001 app", "RUN useradd --uid=10001 -N -G wheel,app app"],
        ["RUN useradd --uid 10001 --user-group --no-create-home app"],
        ["RUN useradd -u 10001 app 2>/dev/null || true"],
        # Debian
        ["RUN addgroup --gid 10001 app && adduser --uid 10001 --ingroup app --gecos '' app"],
        [
            "RUN addgroup --system --gid 10001 app",
            "RUN adduser --system --uid 10001 --gid 10001 app",
        ],
        ["RUN adduser --system --group --uid 10001 app"],
        ["RUN addgroup --gid 10001 app", "RUN adduser --uid 10001 --system app && adduser app app"],
        # other ways to write a command
        ['RUN ["groupadd", "-g", "10001", "app"]', 'RUN ["useradd", "-u10001", "-gapp", "app"]'],
        ["RUN <<EOF", "set -e", "groupadd -g 10001 app", "useradd -u 10001 -g app app", "EOF"],
        [
            "RUN --mount=type=cache,target=/var bash <<-'EOF'",
            "\tgroupadd \\",
            "\t  -g 10001 app # the group",
            "\t# USER nobody",
            '\techo "it\'s done"',
            "\tuseradd -u 10001 -g app app",
            "\tEOF",
        ],
        [
            "RUN set -eux; \\",
            "  # a comment in the middle",
            "  if ! getent group app; then groupadd -g 10001 app; fi; \\",
            "",
            "  (DEBUG=1 /usr/sbin/useradd -u 10001 -g 10001 app)",
        ],
        ["ARG ID=10001", "RUN groupadd -g $ID app && useradd -u ${ID} -g ${GROUP:-app} app"],
        ["RUN echo 'a quotation", "RUN useradd -u 10001 app"],
        ["ENV ID 10001", 'ARG NAME="app"', 'RUN useradd --uid "$ID" "${NAME}"'],
    ],
)
def test_accounts_may_be_created_in_many_ways(commands):
    assert good("\n".join(["FROM debian", *commands])) == BOTH


@pytest.mark.parametrize(
    ("commands", "passed"),
    [
        (["RUN useradd app"], set()),
        (["RUN useradd -u 10001 -N app"], set()),
        (["RUN adduser -S -u 10001 app"], set()),
        (["RUN echo useradd -u 10001 app"], set()),
        (["RUN useradd -u 10001 web"], set()),
        (["COPY <<EOF /setup.sh", "useradd -u 10001 app", "EOF"], set()),
        (["# RUN useradd -u 10001 app"], set()),
        (["RUN addgroup -g 10001 app", "RUN adduser -g app -S -u 10001 app"], {"app-group"}),
    ],
)
def test_what_does_not_create_the_accounts_is_not_taken_for_it(commands, passed):
    assert good("\n".join(["FROM debian", *commands])) == passed


def test_accounts_of_a_stage_that_the_last_one_is_not_built_from_do_not_count():
    text = "FROM a AS users\nRUN useradd -u 10001 app\nFROM a\n"

    assert good(text) == set()


@pytest.mark.parametrize("stage", ["users", "0", "Users"])
def test_accounts_may_be_copied_from_another_stage(stage):
    text = f"""\
FROM alpine AS users
RUN adduser -D -u 10001 app
FROM scratch
COPY --from={stage} /etc/passwd /etc/passwd
COPY --from={stage} /etc/group /etc/
"""
    assert good(text) == BOTH


def test_the_escape_character_may_be_another():
    text = "# escape=`\nFROM a\nRUN groupadd -g 10001 app && `\n  useradd -u 10001 -g app app\n"

    assert good(text) == BOTH
