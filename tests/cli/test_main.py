"""``python -m dockerflow``: exit statuses, files and streams."""

import json
import os
import shlex
import subprocess

import pytest

from tests.support.command import ENVIRONMENT, arguments, run

pytestmark = pytest.mark.once

GOOD = {
    "source": "https://github.com/o/r",
    "version": "1.4.0",
    "commit": "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11",
    "build": "https://ci.example.com/job/7",
}
OPTIONS = [f"--{key}={value}" for key, value in GOOD.items()]


def test_without_a_command_it_says_how_it_is_used():
    status, out, err = run()

    assert (status, out) == (2, "")
    assert err.startswith("usage: python -m dockerflow [-h] COMMAND ...\n")


@pytest.mark.parametrize("words", [[], ["version"], ["probe"]])
def test_help_is_no_error(words):
    status, out, err = run(*words, "--help")

    assert (status, err) == (0, "")
    assert out.startswith(" ".join(["usage: python -m dockerflow", *words]) + " [-h]")


def test_the_version_object_is_printed():
    assert run("version", *OPTIONS) == (0, json.dumps(GOOD, indent=2) + "\n", "")


def test_the_version_object_is_written_to_a_file_and_passes_its_check(tmp_path):
    path = tmp_path / "version.json"

    assert run("version", *OPTIONS, "--output", path) == (0, "", "")
    assert json.loads(path.read_text()) == GOOD
    assert run("version", "--check", path) == (0, f"{path}: a valid version object\n", "")


def test_an_object_with_a_problem_is_not_written(tmp_path):
    path = tmp_path / "version.json"
    path.write_text("before")

    status, out, err = run("version", *OPTIONS, "--commit=main", "--output", path)

    assert (status, out) == (1, "")
    assert err == (
        'commit is "main". Expected the hash of the commit that was built, 7 to 64 hexadecimal '
        "digits.\n"
    )
    assert path.read_text() == "before"


def test_a_value_of_bytes_that_are_not_utf_8_is_not_written(tmp_path):
    path = tmp_path / "version.json"

    status, out, err = run("version", *OPTIONS, "--version=caf\udce9", "--output", path)

    assert (status, out, path.exists()) == (1, "", False)
    assert err == (
        "version has characters that are no Unicode text. Expected the release, such as "
        '"1.4.0", or "" for a build that is no release.\n'
    )


def test_a_file_that_can_not_be_written_is_reported(tmp_path):
    path = tmp_path / "nowhere" / "version.json"

    status, out, err = run("version", *OPTIONS, "--output", path)

    assert (status, out) == (1, "")
    assert err == f"{path} cannot be written: No such file or directory\n"


@pytest.mark.parametrize(
    "words",
    [
        ["version", *OPTIONS],
        ["--help"],
        ["version", "--help"],
        ["verify", "--json", "http://127.0.0.1:1"],
    ],
)
def test_an_output_that_nobody_reads_is_no_error_of_python(words):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        arguments(*words),
        env=ENVIRONMENT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert (done.returncode in {0, 1}, done.stderr) == (True, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words",
    [
        ["version", *OPTIONS],
        ["verify", "--json", "http://127.0.0.1:1"],
        ["rollout", "http://127.0.0.1:1", "--commit=4e6cdab", "--timeout=1"],
    ],
)
def test_an_output_that_cannot_be_written_is_one_sentence(words, unbuffered):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            arguments(*words),
            env={**ENVIRONMENT, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (
        1,
        "the output cannot be written: No space left on device\n",
    )


def test_a_closed_output_takes_everything():
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join(arguments('version', *OPTIONS))} >&-"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("option", ["--output", "--check"])
def test_an_empty_path_is_a_wrong_usage(option):
    status, out, err = run("version", option, "")

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        f"python -m dockerflow version: error: argument {option}: it is empty: is the variable set?"
    )


def test_what_is_left_out_is_not_printed_among_the_json_where_stderr_is_closed(tmp_path):
    command = arguments("version", "--allow-missing", "--commit=4e6cdab")
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join(command)} 2>&-"],
        env=ENVIRONMENT,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, json.loads(done.stdout)) == (0, {"commit": "4e6cdab"})


def test_a_version_object_is_json_in_any_encoding():
    status, out, err = run("version", *OPTIONS, "--version=é", PYTHONIOENCODING="ascii")

    assert (status, err) == (0, "")
    assert json.loads(out) == {**GOOD, "version": "é"}


def test_a_text_is_printed_in_any_encoding(tmp_path):
    path = tmp_path / "é.json"
    path.write_text(json.dumps(GOOD))

    status, out, err = run("version", "--check", path, PYTHONIOENCODING="ascii")

    assert (status, out, err) == (0, f"{tmp_path}/\\xe9.json: a valid version object\n", "")


def test_a_value_does_nothing_to_the_terminal(tmp_path):
    path = tmp_path / "version.json"
    path.write_text(json.dumps({**GOOD, "commit": "\x9b2J\u202e\x1b[31m"}))

    status, _, err = run("version", "--check", path)

    assert (status, err.rstrip("\n").isprintable()) == (1, True)


def test_the_check_names_the_file_and_every_problem(tmp_path):
    path = tmp_path / "version.json"
    path.write_text(json.dumps({**GOOD, "commit": None, "source": "git@github.com:o/r.git"}))

    status, out, err = run("version", "--check", path)

    assert (status, out) == (1, "")
    assert err == (
        f'{path}: source is "…@github.com:o/r.git", not an http or https URL. Expected the URL of '
        'the repository, such as "https://github.com/mozilla-services/Dockerflow".\n'
        f"{path}: commit is a JSON null, not a string. Expected the hash of the commit that was "
        "built, 7 to 64 hexadecimal digits.\n"
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "{path} cannot be read: No such file or directory\n"),
        ("[]", "{path} contains a JSON array, expected an object\n"),
        ("", "{path} is not JSON: Expecting value: line 1 column 1 (char 0)\n"),
    ],
)
def test_the_check_of_a_file_that_is_none_fails(tmp_path, content, complaint):
    path = tmp_path / "version.json"
    if content is not None:
        path.write_text(content)

    assert run("version", "--check", path) == (1, "", complaint.format(path=path))


@pytest.mark.parametrize(
    "words", [["--output", "x"], ["--allow-missing"], ["--version="], ["--commit", "abc"]]
)
def test_the_check_goes_with_no_other_option(words):
    status, out, err = run("version", "--check", "x", *words)

    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        "python -m dockerflow version: error: --check goes with no other option"
    )
