"""``python -m dockerflow verify --dockerfile``: accounts made by scripts, read as a shell does."""

import pytest

from tests.support.dockerfiles import PASSED, outcomes

pytestmark = pytest.mark.once


SCRIPTS = [
    'RUN ["/bin/bash", "-c", "groupadd -g 10001 app && useradd -u 10001 -g app app"]',
    'RUN ["/bin/sh", "-ec", "groupadd -g 10001 app\\nuseradd -u 10001 -g app app"]',
    'RUN ["bash", "-euxo", "pipefail", "-c", "useradd -u 10001 app"]',
    'RUN ["/usr/bin/env", "bash", "-c", "useradd -u 10001 app"]',
    "RUN bash -c 'groupadd -g 10001 app && useradd -u 10001 -g app app'",
    'RUN bash -lc "useradd -u 10001 app"',
    "RUN sh -c 'useradd -u $1 $2' sh 10001 app",
    "RUN sudo -E useradd -u 10001 app",
    "RUN sudo -u root -- env A=b useradd -u 10001 app",
    "RUN su -c 'useradd -u 10001 app'",
    "RUN su root -c 'useradd -u 10001 app'",
    "RUN exec useradd -u 10001 app",
    "RUN busybox adduser -D -u 10001 app",
    "RUN timeout 10 nice -n 5 /usr/sbin/useradd -u 10001 app",
    "RUN eval 'useradd -u 10001 app'",
    "RUN echo 'useradd -u 10001 app' | sh",
    "RUN sh -s <<< 'useradd -u 10001 app'",
    "RUN sh -e <<EOF\nuseradd -u 10001 app\nEOF",
    "RUN <<EOF\n#!/bin/bash -e\nuseradd -u 10001 app\nEOF",
    "RUN cat > /tmp/x.sh <<'EOF' && sh /tmp/x.sh 10001\nuseradd -u $1 app\nEOF",
    "COPY <<EOF /x.sh\nuseradd -u 10001 app\nEOF\nRUN sh /x.sh",
    'COPY <<EOF /x.sh\nuseradd -c "it\'s" \\\n  -u ${ID:-10001} app\nEOF\nRUN sh /x.sh',
    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN useradd -u 10001 app',
    "RUN id=10001 && groupadd -g $id app && useradd -u $id -g app app",
    'RUN export ID=10001; groupadd -g "${ID}" app; useradd -u ${ID} -g ${ID} app',
    "RUN export id=10001; sh -c 'useradd -u $id app'",
    "RUN id=10001 sh -c 'useradd -u $id app'",
    "RUN o='-u 10001 -m'; useradd $o app",
    "RUN : ${ID:=10001} && useradd -u ${ID} app",
    "RUN useradd -u ${ID:-10001} ${NAME-app}",
    "ARG ID\nRUN useradd -u ${ID:-10001} app",
    "ARG ID=10001 NAME=app\nRUN useradd -u ${ID} ${NAME}",
    "ARG ID=1000\nENV ID=10001\nRUN useradd -u $ID app",
    "RUN useradd -u $(echo 10001) `printf app`",
    "RUN for name in app; do useradd -u 10001 $name; done",
    "RUN make() { groupadd -g $2 $1; useradd -u $2 -g $1 $1; }; make app 10001",
    "RUN (useradd -u 10001 app) && { true; }",
    "RUN set -- app 10001; useradd -u $2 $1",
    "RUN id app || useradd -u 10001 app",
    "RUN id -u app >/dev/null 2>&1 || useradd -u 10001 app; true",
    "RUN getent passwd 10001 || useradd -u10001 app",
    "RUN getent group app || groupadd -g 10001 app\nRUN useradd -u10001 -g app app",
    "RUN if ! grep -q '^app:' /etc/passwd; then useradd -u 10001 app; fi",
    'RUN if [ -z "$(getent passwd app)" ]; then useradd -u 10001 app; fi',
    "RUN if [ ! $(getent passwd app) ]; then useradd -u 10001 app; fi",
    'RUN test -n "$(id -u app 2>/dev/null)" || useradd -u 10001 app',
    "RUN if getent passwd app; then usermod -u 10001 app; else useradd -u 10001 app; fi",
    "RUN if [ -x /sbin/apk ]; then adduser -D -u 10001 app; else useradd -u 10001 app; fi",
    "RUN if command -v useradd; then useradd -u 10001 app; else adduser -D -u 10001 app; fi",
    'RUN case "$(uname)" in Linux) useradd -u 10001 app;; *) useradd -u 10001 app;; esac',
    'ARG MODE=dev\nRUN if [ "$MODE" = dev ]; then useradd -u 10001 app; fi',
    "ARG MODE=dev\nRUN case $MODE in d*) useradd -u 10001 app;; *) exit 1;; esac",
    'RUN test -n "$TARGETARCH" && useradd -u 10001 app',
    "RUN apt-get update && apt-get install -y passwd; useradd -u 10001 app || exit 1",
    "RUN useradd -u 10001 app || adduser -D -u 10001 app",
    "RUN useradd -u 10001 app & wait",
    "RUN time useradd -u 10001 app",
    "RUN pip install 'git+https://git.example/lib.git#egg=lib' && useradd -u 10001 app",
    "RUN pip install git+https://git.example/lib.git#egg=lib && useradd -u 10001 app",
    "RUN test ${TARGETARCH##*/} != 386 && useradd -u 10001 app",
    "RUN test $# = 0 && useradd -u 10001 app",
    "RUN x=`echo a#b` && echo ${#x} ${x%#*} && useradd -u 10001 app",
    "RUN echo \\# \"#\" '#' && useradd -u 10001 app # the user",
]


@pytest.mark.parametrize("line", SCRIPTS)
def test_words_are_read_as_a_shell_reads_them(line):
    assert outcomes(f"FROM debian\n{line}\n") == PASSED
