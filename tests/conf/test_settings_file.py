"""When the settings file is looked at again, and when it is parsed."""

import time
from pathlib import Path

import pytest

from dockerflow.conf import sources
from dockerflow.conf.sources import SettingsFile

NAMES = ["first", "second"]
NOTHING = "nothing"


class Reader:
    """Takes a file's text for its content, and counts the files it has read."""

    def __init__(self):
        self.count = 0

    def __call__(self, path):
        self.count += 1
        return Path(path).read_text()


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def file(reader):
    return SettingsFile(dict.fromkeys(NAMES, reader), NOTHING)


@pytest.fixture
def interval(monkeypatch):
    """Sets the seconds between two looks."""
    return lambda seconds: monkeypatch.setattr(sources, "INTERVAL", seconds)


def test_the_first_name_counts(file, tmp_path, interval):
    interval(0)
    seen = [file.find(tmp_path)]
    for name in reversed(NAMES):
        (tmp_path / name).write_text(f"{name}'s")
        seen.append(file.find(tmp_path))

    assert seen == [
        ("", NOTHING),
        (f"{tmp_path}/second", "second's"),
        (f"{tmp_path}/first", "first's"),
    ]


def test_a_change_is_seen_at_the_next_look(file, tmp_path, interval):
    interval(0)
    seen = []
    for text in ("1", "22", "333"):
        (tmp_path / "first").write_text(text)
        seen.append(file.find(tmp_path)[1])
    (tmp_path / "first").unlink()
    seen.append(file.find(tmp_path)[1])

    assert seen == ["1", "22", "333", NOTHING]


def test_what_has_not_changed_is_not_parsed_again(file, reader, tmp_path, interval):
    interval(0)
    (tmp_path / "first").write_text("text")
    assert [file.find(tmp_path)[1] for _ in range(3)] == ["text"] * 3
    assert reader.count == 1


@pytest.mark.parametrize("there", [True, False])
def test_between_two_looks_it_is_what_it_was(file, tmp_path, interval, there):
    interval(60)
    if there:
        (tmp_path / "first").write_text("before")
    before = file.find(tmp_path)[1]
    (tmp_path / "first").write_text("afterwards")
    meanwhile = file.find(tmp_path)[1]

    assert before == meanwhile == ("before" if there else NOTHING)


def test_the_next_look_is_when_the_interval_has_passed(file, tmp_path, interval):
    interval(0.2)
    looked = time.monotonic()
    assert file.find(tmp_path) == ("", NOTHING)
    (tmp_path / "first").write_text("there")
    while file.find(tmp_path) == ("", NOTHING):
        assert time.monotonic() < looked + 10
    assert time.monotonic() >= looked + 0.2


def test_a_clock_that_was_in_the_future_holds_up_nothing(file, tmp_path, monkeypatch):
    with monkeypatch.context() as future:
        future.setattr(time, "monotonic", lambda: 1e12)
        file.find(tmp_path)
    (tmp_path / "first").write_text("there")

    assert file.find(tmp_path) == (f"{tmp_path}/first", "there")


def test_another_directory_is_looked_at_at_once(file, tmp_path, interval):
    interval(60)
    file.find(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/first").write_text("text")

    assert file.find(tmp_path / "other") == (f"{tmp_path}/other/first", "text")


def test_what_cannot_be_read_is_said(file, tmp_path):
    (tmp_path / "first").write_bytes(b"\xff")
    with pytest.raises(ValueError, match=f"^{tmp_path}/first cannot be read: 'utf-8' codec"):
        file.find(tmp_path)
