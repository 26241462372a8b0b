"""``python -m dockerflow verify --dockerfile``: accounts made in /etc/passwd and /etc/group."""

import pytest

from dockerflow.cli.verify.dockerfile import check
from tests.support.dockerfiles import FAILED, PASSED, UNCHECKED, outcomes

pytestmark = pytest.mark.once


LINES = [
    (
        "RUN echo 'app:x:10001:10001:App:/app:/bin/sh' >> /etc/passwd && "
        "echo app:x:10001: >>/etc/group"
    ),
    "RUN echo app:x:10001:app >> /etc/group; echo app:x:10001:100::/: >> /etc/passwd",
    (
        "RUN printf 'app:x:%s:%s::/app:/bin/sh\\n' 10001 10001 | tee -a /etc/passwd && "
        "printf 'app:x:10001:\\n' | tee --append /etc/group >/dev/null"
    ),
    (
        "RUN { echo app:x:10001:10001::/app:; echo web:x:1:1::/:; } >> /etc/passwd && "
        "cd /etc && echo app:x:10001: >> group"
    ),
    (
        'ARG ID=10001\nRUN echo "app:x:${ID}:${ID}::/app:" > /etc/passwd && '
        'echo "app:x:$ID:" > /etc/group'
    ),
    (
        "RUN cat <<EOF >> /etc/passwd && cat <<EOF >/etc/group\napp:x:10001:10001:::\nEOF\n"
        "app:x:10001:\nEOF"
    ),
    "RUN cat >> /etc/passwd <<-EOF\n\tapp:x:10001:10001:::\n\tEOF\nRUN groupadd -g 10001 app",
    (
        "COPY <<EOF /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\napp:x:10001:10001::/app:\nEOF\n"
        "COPY <<EOF /etc/group\napp:x:10001:\nEOF"
    ),
    (
        "ARG ID=10001\nCOPY <<-EOF /etc/passwd\n\tapp:x:${ID}:$ID::/app:\n\tEOF\n"
        "COPY <<-'EOF' /etc/group\n\tapp:x:10001:\n\tEOF"
    ),
    "COPY <<passwd <<group /etc/\napp:x:10001:10001::/app:\npasswd\napp:x:10001:\ngroup",
    "RUN echo app:x:10001:10001::/: > /tmp/p && cp /tmp/p /etc/passwd && groupadd -g 10001 app",
    "RUN echo app:x:10001: > /tmp/group && mv /tmp/group /etc/ && useradd -u 10001 -g app app",
]


@pytest.mark.parametrize("lines", LINES)
def test_lines_of_the_account_files_are_read(lines):
    assert outcomes(f"FROM debian\n{lines}\n") == PASSED


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("RUN echo app:x:1000:1000::/: >> /etc/passwd", ("failed", "failed")),
        ("RUN echo app:x:1000: >> /etc/group", ("failed", "failed")),
        ("RUN useradd -u 10001 app && echo > /etc/passwd", ("passed", "failed")),
        ("RUN echo app:x:10001:10001::/: >> /tmp/passwd", FAILED),
        ('RUN echo "app:x:$ID:$ID::/:" >> /etc/passwd', ("failed", "not checked")),
        ("COPY <<EOF /etc/passwd\napp:x:$ID:10001:::\nEOF", ("failed", "not checked")),
        ("COPY <<'EOF' /etc/passwd\napp:x:$ID:10001:::\nEOF", FAILED),
        ("RUN awk '{print}' /x >> /etc/group && useradd -u 10001 -g 10001 app", UNCHECKED),
        ('RUN echo "$USER:x:10001:10001::/:" >> /etc/passwd', UNCHECKED),
        ("RUN curl https://h/passwd > /etc/passwd", UNCHECKED),
        ("RUN curl https://h/passwd | tee /etc/passwd", UNCHECKED),
        ("COPY passwd /etc/passwd", UNCHECKED),
        ("COPY files/passwd files/group /etc/", UNCHECKED),
        ("COPY rootfs /", UNCHECKED),
        ("COPY . /", UNCHECKED),
        ("COPY etc/ /etc/", UNCHECKED),
        ("ADD rootfs.tar.gz /", UNCHECKED),
        ("COPY --from=registry.example/base /etc/passwd /etc/passwd", UNCHECKED),
        ("COPY --from=registry.example/base / /", UNCHECKED),
        ("COPY nginx.conf /etc/", FAILED),
        ("COPY --from=registry.example/base /usr/bin/x /usr/bin/x", FAILED),
        ("COPY entrypoint.sh /", FAILED),
    ],
)
def test_account_files_with_another_content(lines, expected):
    assert outcomes(f"FROM debian\n{lines}\n") == expected


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        (["/ /"], PASSED),
        (["/etc /etc"], PASSED),
        (["/etc/ /etc/"], PASSED),
        (["/etc/passwd /etc/passwd", "/etc/group /etc/group"], PASSED),
        (["/etc/passwd /etc/group /etc/"], PASSED),
        (["etc/passwd etc/group /etc/"], PASSED),
        (["/etc/passwd /etc", "/etc/group /etc"], PASSED),
        (["/etc/* /etc/"], PASSED),
        (["/etc/passwd* /etc/", "/etc/group* /etc/"], PASSED),
        (['["/etc/passwd", "/etc/group", "/etc/"]'], PASSED),
        (["/out/passwd /etc/passwd", "/out/group /etc/group"], PASSED),
        (["/out/ /etc/"], PASSED),
        (["/minimal /"], PASSED),
        (["/rootfs /"], PASSED),
        (["/rootfs/ /"], PASSED),
        (["/etc_passwd /etc/passwd", "/etc/group /etc/group"], PASSED),
        (["/etc/passwd /etc/passwd"], ("failed", "passed")),
        (["/etc/group /etc/group"], ("passed", "failed")),
        (["/etc/ssl /etc/ssl"], FAILED),
        (["/usr /usr"], FAILED),
        (["/unknown/passwd /etc/passwd", "/unknown/group /etc/group"], UNCHECKED),
        (["/unknown /"], UNCHECKED),
    ],
)
def test_accounts_may_be_copied_from_a_stage(copies, expected):
    text = """\
FROM debian AS users
RUN useradd -u 10001 app
RUN mkdir /out && cp /etc/passwd /etc/group /out/
RUN cp --parents /etc/passwd /etc/group /minimal && rm -f /etc/passwd- /etc/group-
RUN echo app:x:10001:10001::/: > /etc_passwd && mkdir -p /rootfs && cp -a /etc /rootfs/etc
FROM scratch
"""
    for words in copies:
        text += f"COPY --from=users {words}\n"

    assert outcomes(text) == expected


def test_the_triggers_of_a_parent_run_once_in_the_stage_built_from_it():
    text = """\
FROM debian AS parent
ONBUILD RUN useradd -u 10001 app
ONBUILD COPY . /app
FROM parent
USER app
FROM debian
"""
    found = {name: str(outcome) for name, outcome in check(text, "1").items()}

    assert (found["app-user"], found["app-directory"], found["user"]) == 3 * ("passed",)
    assert outcomes(text) == FAILED
    assert str(check(text, "parent")["app-user"]) == "failed"
