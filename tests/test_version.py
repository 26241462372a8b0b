"""What dockerflow.version reads, writes and finds wrong."""

import json
import os
import re
import subprocess
import sys
import threading

import pytest

from dockerflow.version import get_version, problems, read, write
from tests.support.web import python_path

pytestmark = pytest.mark.once

GOOD = {
    "source": "https://github.com/mozilla-services/Dockerflow",
    "version": "1.4.0",
    "commit": "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11",
    "build": "https://ci.example.com/job/7",
}


@pytest.fixture
def app(tmp_path):
    """A directory with a good version.json."""
    (tmp_path / "version.json").write_text(json.dumps(GOOD))
    return tmp_path


def test_the_object_is_read_from_a_path_or_a_string(app):
    assert get_version(app) == GOOD
    assert get_version(str(app)) == GOOD


@pytest.mark.parametrize("root", ["nowhere", "a_file"])
def test_without_a_file_there_is_no_object(tmp_path, root):
    (tmp_path / "a_file").touch()

    assert get_version(tmp_path / root) is None


def test_the_returned_dict_is_the_callers_own(app):
    (app / "version.json").write_text('{"tags": ["a"]}')

    mine = get_version(app)
    mine["tags"].append("b")
    mine["more"] = 1

    assert get_version(app) == {"tags": ["a"]}


@pytest.mark.parametrize("change", ["replaced", "written in place"])
def test_a_changed_file_is_read_again(app, change):
    get_version(app)
    target = app / "version.json"
    if change == "replaced":
        other = app / "other"
        other.write_text(target.read_text().replace("1.4.0", "1.4.1"))
        os.utime(other, ns=(0, target.stat().st_mtime_ns))
        other.replace(target)
    else:
        target.write_text(target.read_text().replace("1.4.0", "1.4.1"))
        os.utime(target, ns=(0, 1))

    assert get_version(app) == {**GOOD, "version": "1.4.1"}


def test_an_unchanged_file_is_not_read_again(app):
    first = get_version(app)
    stat = (app / "version.json").stat()
    (app / "version.json").write_text(" " * stat.st_size)
    os.utime(app / "version.json", ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert get_version(app) == first


def test_a_removed_file_is_gone_at_once(app):
    get_version(app)
    (app / "version.json").unlink()

    assert get_version(app) is None


def test_threads_may_read_while_the_file_is_being_replaced(app):
    seen, stop = [], threading.Event()

    def reader():
        while not stop.is_set():
            seen.append(get_version(app)["version"])

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(50):
        write({**GOOD, "version": str(number)}, app / "version.json")
    stop.set()
    for thread in threads:
        thread.join()

    assert set(seen) <= {"1.4.0", *map(str, range(50))}
    assert get_version(app)["version"] == "49"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"a": 1', "is not JSON: Expecting ',' delimiter: line 1 column 8 (char 7)"),
        (b'{"a": NaN}', "is not JSON: NaN is not a JSON number"),
        (b'{"a": -1e999}', "is not JSON: -1e999 is not a JSON number"),
        (b'["a"]', "contains a JSON array, expected an object"),
        (b'"a"', "contains a JSON string, expected an object"),
        (b"1", "contains a JSON number, expected an object"),
        (b"true", "contains a JSON boolean, expected an object"),
        (b"null", "contains a JSON null, expected an object"),
    ],
)
def test_a_broken_file_is_a_value_error_that_names_it(tmp_path, content, complaint):
    path = tmp_path / "version.json"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=f"^{re.escape(f'{path} {complaint}')}$"):
        get_version(tmp_path)


@pytest.mark.parametrize("content", [b'{"a": "\xff"}', b"[" * 200_000])
def test_bytes_that_are_no_json_text_are_a_value_error_that_names_the_file(tmp_path, content):
    path = tmp_path / "version.json"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=f"^{path} is not "):
        get_version(tmp_path)


def test_an_unreadable_file_is_an_os_error_that_names_it(tmp_path):
    path = tmp_path / "version.json"
    path.mkdir()

    with pytest.raises(OSError, match=r"version\.json"):
        get_version(tmp_path)


def test_a_byte_order_mark_is_skipped(tmp_path):
    (tmp_path / "version.json").write_bytes(b'\xef\xbb\xbf{"version": "\xc3\xa9"}')

    assert get_version(tmp_path) == {"version": "é"}


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "version.json"
    write({**GOOD, "version": "née"}, path)

    assert read(path) == {**GOOD, "version": "née"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_is_as_readable_as_any_other(tmp_path):
    before = os.umask(0o022)
    try:
        write(GOOD, tmp_path / "version.json")
    finally:
        os.umask(before)

    assert (tmp_path / "version.json").stat().st_mode & 0o777 == 0o644


def test_writing_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write(GOOD, tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "target") == GOOD


def test_a_write_that_fails_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "version.json").write_text("before")

    with pytest.raises(TypeError):
        write({"a": object()}, tmp_path / "version.json")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("version.json", "before")]


WRITE_TO_STDOUT = """
import sys
from dockerflow.version import write
try:
    write({}, "/dev/stdout")
except ValueError as error:
    sys.stderr.write(str(error))
"""


def test_a_device_is_never_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(ValueError, match=f"^{re.escape(str(pipe))} is not a file$"):
        write(GOOD, pipe)


def test_the_standard_output_in_a_pipe_is_not_a_file():
    done = subprocess.run(
        [sys.executable, "-c", WRITE_TO_STDOUT],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("", "/dev/stdout is not a file")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"version": ""},
        {"commit": "4e6cdab"},
        {"commit": "A" * 64},
        {"source": "http://git.internal:8080/o/r"},
        {"more": None},
    ],
)
def test_a_good_object_has_no_problems(change):
    assert problems({**GOOD, **change}) == []


def test_every_missing_key_is_told():
    expected = """
        source is missing. Expected the URL of the repository, such as \
"https://github.com/mozilla-services/Dockerflow".
        version is missing. Expected the release, such as "1.4.0", or "" for a build that is no \
release.
        commit is missing. Expected the hash of the commit that was built, 7 to 64 hexadecimal \
digits.
        build is missing. Expected the URL of the CI job that built it.
    """
    assert problems({}) == [line.strip() for line in expected.strip().splitlines()]


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("version", 14, "version is a JSON number, not a string"),
        ("version", None, "version is a JSON null, not a string"),
        ("version", b"14", "version is a bytes, not a string"),
        ("commit", ["a"], "commit is a JSON array, not a string"),
        ("commit", "main", 'commit is "main"'),
        ("commit", "4e6cda", 'commit is "4e6cda"'),
        ("commit", "4e6cdab-dirty", 'commit is "4e6cdab-dirty"'),
        ("source", "", 'source is "", not an http or https URL'),
        ("source", "/srv/r", 'source is "/srv/r", not an http or https URL'),
        ("source", "https://", 'source is "https://", not an http or https URL'),
        ("source", "https://a b", 'source is "https://a b", not an http or https URL'),
        ("source", "https://[", "source is not a URL"),
        ("source", "git@github.com:o/r.git", 'source is "…@github.com:o/r.git", not an http'),
        ("source", "https://me:hush@github.com/o/r", "source contains a user name or password"),
        ("source", "ssh://me:hush@h/o", 'source is "ssh://…@h/o", not an http or https URL'),
        ("source", "git://me@hu/sh@h/o", 'source is "git://…@h/o", not an http or https URL'),
        ("build", "7", 'build is "7", not an http or https URL'),
        ("build", "https://ci:hush@h/7", "build contains a user name or password"),
    ],
)
def test_a_bad_value_is_told_without_credentials(key, value, complaint):
    (sentence,) = problems({**GOOD, key: value})

    assert sentence.startswith(complaint)
    assert "hush" not in sentence
