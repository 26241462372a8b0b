"""check_storages and check_tasks: backends that work, break, lose content and hang."""

import resource

import django
import pytest
from django.core.files.storage import storages

from dockerflow.django.checks import check_storages, check_tasks
from tests.support import slow_backends
from tests.support.browser import wsgi

FILES = "django.core.files.storage.FileSystemStorage"
OURS = "tests.support.slow_backends"


@pytest.fixture
def use(settings):
    def use(**backends):
        settings.STORAGES = {
            alias: {"BACKEND": backend, "OPTIONS": options}
            for alias, (backend, options) in backends.items()
        }

    return use


def found(check, **subject):
    messages = check.subjects.function(app_configs=None, **subject)
    return [(message.level, message.id, message.msg) for message in messages]


def test_a_storage_that_keeps_files_is_fine_and_left_as_it_was(use, tmp_path):
    use(media=(FILES, {"location": tmp_path}))

    assert found(check_storages, storage="media") == []
    assert list(tmp_path.iterdir()) == []


def test_all_storages_but_that_of_static_files_are_looked_at(use, tmp_path):
    use(default=(FILES, {}), staticfiles=(FILES, {}), media=(FILES, {}))

    assert check_storages.subjects.names() == ["default", "media"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "ReadOnlyStorage",
            (
                *(40, "dockerflow.health.E020"),
                'Storage "media" raised PermissionError: the bucket takes no files',
            ),
        ),
        (
            "UnreadableStorage",
            (
                *(40, "dockerflow.health.E020"),
                'Storage "media" raised PermissionError: the bucket gives no files',
            ),
        ),
        (
            "ForgetfulStorage",
            (
                *(40, "dockerflow.health.E021"),
                'Storage "media" returned other content than was saved',
            ),
        ),
        (
            "NoSuchStorage",
            (
                *(40, "dockerflow.health.E020"),
                (
                    'Storage "media" raised InvalidStorageError: Could not find backend'
                    f" '{OURS}.NoSuchStorage': Module \"{OURS}\" does not define a"
                    ' "NoSuchStorage" attribute/class'
                ),
            ),
        ),
    ],
)
def test_a_storage_that_does_not_keep_files(use, name, message):
    use(media=(f"{OURS}.{name}", {}))

    assert found(check_storages, storage="media") == [message]


def test_what_cannot_be_read_is_deleted_all_the_same(use):
    use(media=(f"{OURS}.UnreadableStorage", {}))
    found(check_storages, storage="media")

    assert slow_backends.UnreadableStorage.kept == []


def test_what_a_full_disk_has_of_a_file_is_deleted(use, tmp_path):
    use(media=(FILES, {"location": tmp_path}))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # bytes that a file may have
    try:
        messages = found(check_storages, storage="media")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert messages == [
        (
            *(40, "dockerflow.health.E020"),
            'Storage "media" raised OSError: [Errno 27] File too large',
        )
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_writable(use, tmp_path):
    (tmp_path / "file").touch()
    use(media=(FILES, {"location": tmp_path / "file"}))
    [(level, message_id, text)] = found(check_storages, storage="media")

    assert (level, message_id) == (40, "dockerflow.health.E020")
    assert str(tmp_path / "file") in text


def test_a_storage_that_hangs_is_named_in_time(use, settings):
    use(default=(FILES, {}), media=(f"{OURS}.HangingStorage", {}))
    settings.DOCKERFLOW_CHECKS = ["check_storages[media]"]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 0.3
    answer = wsgi("/__heartbeat__")
    [(message_id, text)] = answer.json()["details"]["check_storages"]["messages"].items()

    assert (answer.status_code, message_id) == (500, "dockerflow.health.C001")
    assert text.startswith("check_storages[media] has been running for 0.")
    assert storages["default"] is not None


if django.VERSION >= (6, 0):

    @pytest.mark.parametrize(
        ("backend", "messages"),
        [
            (
                "django.tasks.backends.immediate.ImmediateBackend",
                [
                    (
                        *(20, "dockerflow.health.I007"),
                        (
                            'Task backend "mails" runs tasks at once, in the process that'
                            " enqueues them"
                        ),
                    )
                ],
            ),
            (
                "django.tasks.backends.dummy.DummyBackend",
                [
                    (
                        *(20, "dockerflow.health.I007"),
                        'Task backend "mails" keeps tasks and never runs them',
                    )
                ],
            ),
            (f"{OURS}.QuietTasks", []),
            (f"{OURS}.ComplainingTasks", [(30, "shop.W001", "12,000 tasks wait")]),
            (
                f"{OURS}.BrokenTasks",
                [
                    (
                        *(40, "dockerflow.health.E025"),
                        'Task backend "mails" raised ConnectionError: the queue is away',
                    )
                ],
            ),
            (
                "shop.tasks.Backend",
                [
                    (
                        *(40, "dockerflow.health.E025"),
                        (
                            'Task backend "mails" raised InvalidTaskBackend: Could not find backend'
                            " 'shop.tasks.Backend': No module named 'shop'"
                        ),
                    )
                ],
            ),
        ],
    )
    def test_a_task_backend(settings, backend, messages):
        settings.TASKS = {"mails": {"BACKEND": backend}}

        assert check_tasks.subjects.names() == ["mails"]
        assert found(check_tasks, backend="mails") == messages

    def test_a_task_backend_that_hangs_is_named_in_time(settings):
        settings.TASKS = {"mails": {"BACKEND": f"{OURS}.HangingTasks"}}
        settings.DOCKERFLOW_CHECKS = ["check_tasks"]
        settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
        settings.DOCKERFLOW_HEARTBEAT_TIMEOUT = 0.3
        details = wsgi("/__heartbeat__").json()["details"]["check_tasks"]

        assert list(details["messages"]) == ["dockerflow.health.C001"]

else:

    def test_before_django_6_there_are_no_task_backends():
        assert check_tasks.subjects.names() == []
