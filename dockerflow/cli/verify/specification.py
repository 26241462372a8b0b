"""Everything that the specification asks of a container, one line of the report each.

https://github.com/mozilla-services/Dockerflow: "The specification has requirements that a
container must comply with. Recommendations are optional but encouraged". Its chapter on building
and testing is about the CI and can't be seen in a container.
"""

from __future__ import annotations

from dockerflow.cli.verify.requirements import (
    APPLICATION,
    BACKED,
    BACKING,
    DOCKERFILE,
    READ,
    RECOMMENDED,
    RUNNING,
    STARTED,
    Requirement,
)

REQUIREMENTS = (
    Requirement(
        "environment",
        APPLICATION,
        "Configured by environment variables",
        "Accept its configuration through environment variables.",
        "Read every setting that differs between deployments from the environment.",
        "which settings there are can't be seen from outside, $PORT excepted",
    ),
    Requirement(
        "port",
        APPLICATION,
        "Listens on $PORT",
        "Listen on environment variable $PORT for HTTP requests.",
        "Bind to 0.0.0.0:$PORT, as gunicorn does by itself.",
        STARTED,
    ),
    Requirement(
        "version-file",
        APPLICATION,
        "Has a version object",
        "Must have a JSON version object at /app/version.json.",
        "Write one while the image is built: python -m dockerflow version --output version.json",
        STARTED,
    ),
    Requirement(
        "version",
        APPLICATION,
        "Answers /__version__ with it",
        "Respond to /__version__ with the contents of /app/version.json.",
        "Serve the file as it is, with status 200 and no redirect before it.",
        RUNNING,
    ),
    Requirement(
        "version-keys",
        APPLICATION,
        "The object names the build",
        "source: where to find the source code; version: the release, blank for none; commit: the "
        "commit hash; build: a link to the CI's build job (docs/version_object.md).",
        "Run: python -m dockerflow version --check version.json",
        RUNNING,
    ),
    Requirement(
        "heartbeat",
        APPLICATION,
        "Answers /__heartbeat__",
        "Respond to /__heartbeat__ with a HTTP 200 or 5xx on error.",
        "Answer 200 while the backing services can be reached and 5xx while they can't, before "
        "anything that redirects or asks for a login.",
        RUNNING,
    ),
    Requirement(
        "lbheartbeat",
        APPLICATION,
        "Answers /__lbheartbeat__",
        "Respond to /__lbheartbeat__ with an HTTP 200.",
        "Answer 200 with an empty body, before anything that redirects or asks for a login.",
        RUNNING,
    ),
    Requirement(
        "logs",
        APPLICATION,
        "Logs to stdout or stderr",
        "Send text logs to stdout or stderr.",
        "Log to the standard streams, and don't buffer them (PYTHONUNBUFFERED=1).",
        STARTED,
    ),
    Requirement(
        "log-files",
        APPLICATION,
        "Logs to no file",
        "Send text logs to stdout or stderr.",
        "Take the file handlers out: a file is lost with the container and may fill its disk.",
        STARTED,
    ),
    Requirement(
        "static",
        APPLICATION,
        "Serves its own static content",
        "Serve its own static content (docs/serving-static-content.md).",
        "Collect the files into the image and serve them from the app (WhiteNoise for Django).",
        RUNNING,
    ),
    Requirement(
        "stop",
        APPLICATION,
        "Stops on SIGTERM",
        "Docker: a container that is stopped gets SIGTERM, and SIGKILL 10 seconds later.",
        "Handle SIGTERM in the process that the container starts with, let a shell script start "
        "the server with exec, or put an init before it (docker run --init) that passes it on.",
        STARTED,
    ),
    Requirement(
        "heartbeat-backing",
        BACKING,
        "The heartbeat fails without them",
        "This should check backing services like a database for connectivity.",
        "Let the heartbeat ask the service something (SELECT 1, PING) on every request, and answer "
        "5xx where that fails.",
        BACKED,
    ),
    Requirement(
        "heartbeat-silent",
        BACKING,
        "The heartbeat answers while they are silent",
        "Respond to /__heartbeat__ with a HTTP 200 or 5xx on error.",
        "Give the client of the service timeouts for connecting and for reading, shorter than that "
        "of the probe, and answer 5xx when they are over.",
        BACKED,
    ),
    Requirement(
        "lbheartbeat-backing",
        BACKING,
        "The load balancer check needs none of them",
        "This is for load balancer checks and should not check backing services.",
        "Answer without using a database, a cache or a session, and let no slow request hold up "
        "the others: more threads or workers, no blocking call in an event loop.",
        RUNNING,
    ),
    Requirement(
        "stays-up",
        BACKING,
        "The process stays up without them",
        "Respond to /__heartbeat__ with a HTTP 200 or 5xx on error.",
        "Handle the error of a lost connection where the client library raises it, also for "
        "connections that are idle (node-postgres: pool.on('error', ...)).",
        BACKED,
    ),
    Requirement(
        "recovers",
        BACKING,
        "Works again when they are back",
        "Respond to /__heartbeat__ with a HTTP 200 or 5xx on error.",
        "Take connections from a pool that replaces broken ones, or connect again after an error.",
        BACKED,
    ),
    Requirement(
        "app-directory",
        DOCKERFILE,
        "Sources in /app",
        "Sources should be copied to the /app directory in the container.",
        "WORKDIR /app, then COPY . .",
        READ,
    ),
    Requirement(
        "app-group",
        DOCKERFILE,
        "A group app, 10001",
        "Create an app group with a GID of 10001.",
        "RUN groupadd --gid 10001 app",
        READ,
    ),
    Requirement(
        "app-user",
        DOCKERFILE,
        "A user app, 10001, in that group",
        "Create an app user with a UID of 10001 and is a member of the app group.",
        "RUN useradd --uid 10001 --gid 10001 --home-dir /app app",
        READ,
    ),
    Requirement(
        "entrypoint-cmd",
        DOCKERFILE,
        "ENTRYPOINT and CMD",
        "Have both ENTRYPOINT and CMD instructions to start the service.",
        'ENTRYPOINT ["python"] and CMD ["-m", "gunicorn", "shop.wsgi"], both in the last stage.',
        READ,
    ),
    Requirement(
        "user",
        DOCKERFILE,
        "Runs as app",
        "Have a USER app instruction to set the default user.",
        "USER app as the last USER of the last stage (or USER 10001, which Kubernetes can verify).",
        READ,
    ),
    Requirement(
        "one-process",
        RECOMMENDED,
        "One program a container",
        "Each instance of a container should only run one process.",
        "Run the other program in a container of its own.",
        STARTED,
    ),
    Requirement(
        "mozlog",
        RECOMMENDED,
        "Logs in the mozlog schema",
        "Log to stdout in the mozlog JSON schema (docs/mozlog.md).",
        "For Django: LOGGING = dockerflow.logging.config(), and no other handler on stdout.",
        STARTED,
    ),
    Requirement(
        "optimized",
        RECOMMENDED,
        "Layers in the order of change",
        "Put commands that make fewer changes (apt-get, pip install, npm install) earlier in the "
        "Dockerfile (docs/building-container.md).",
        "Copy the list of dependencies and install them, then copy the sources.",
        READ,
    ),
    Requirement(
        "port-8000",
        RECOMMENDED,
        "Port 8000",
        "Listen on port 8000.",
        "ENV PORT=8000 and EXPOSE 8000",
        READ,
    ),
    Requirement(
        "exec-form",
        RECOMMENDED,
        "ENTRYPOINT and CMD in exec form",
        'Docker: the shell form runs "/bin/sh -c", which does not pass signals on.',
        'Write them as JSON arrays: CMD ["-m", "gunicorn", "shop.wsgi"]',
        READ,
    ),
)
