"""When the settings file is looked at again, and what of it is parsed."""

import os
import time
from pathlib import Path

import pytest

from dockerflow import settings_file
from dockerflow.settings_file import SettingsFile

NAMES = ["first", "second"]
NOTHING = "nothing"


@pytest.fixture
def file():
    """What finds a file ``first`` or ``second`` and takes its text for its content."""
    return SettingsFile({name: lambda path: Path(path).read_text() for name in NAMES}, NOTHING)


def settle(path):
    """Have a file, or a directory, as if it had not changed for long."""
    os.utime(path, (0, 0))


def test_the_first_name_counts(file, tmp_path):
    seen = [file.find(tmp_path)]
    for name in reversed(NAMES):
        (tmp_path / name).write_text(f"{name}'s")
        seen.append(file.find(tmp_path))

    assert seen == [
        ("", NOTHING),
        (f"{tmp_path}/second", "second's"),
        (f"{tmp_path}/first", "first's"),
    ]


def test_what_is_new_is_looked_at_every_time(file, tmp_path):
    seen = []
    for text in ("1", "22", "333"):
        (tmp_path / "first").write_text(text)
        seen.append(file.find(tmp_path)[1])
    (tmp_path / "first").unlink()
    seen.append(file.find(tmp_path)[1])

    assert seen == ["1", "22", "333", NOTHING]


@pytest.mark.parametrize("there", [True, False])
def test_what_has_stayed_as_it_is_is_looked_at_now_and_then(file, tmp_path, monkeypatch, there):
    if there:
        (tmp_path / "first").write_text("before")
        settle(tmp_path / "first")
    settle(tmp_path)
    monkeypatch.setattr(settings_file, "INTERVAL", 60)
    before = file.find(tmp_path)[1]
    (tmp_path / "first").write_text("afterwards")
    meanwhile = file.find(tmp_path)[1]

    assert before == meanwhile == ("before" if there else NOTHING)


def test_the_next_look_is_when_the_interval_has_passed(file, tmp_path, monkeypatch):
    settle(tmp_path)
    monkeypatch.setattr(settings_file, "INTERVAL", 0.2)
    looked = time.monotonic()
    assert file.find(tmp_path) == ("", NOTHING)
    (tmp_path / "first").write_text("there")
    while file.find(tmp_path) == ("", NOTHING):
        assert time.monotonic() < looked + 10
    assert time.monotonic() >= looked + 0.2


def test_another_directory_is_looked_at_at_once(file, tmp_path):
    settle(tmp_path)
    file.find(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/first").write_text("text")

    assert file.find(tmp_path / "other") == (f"{tmp_path}/other/first", "text")


def test_what_cannot_be_read_is_said(file, tmp_path):
    (tmp_path / "first").write_bytes(b"\xff")
    with pytest.raises(ValueError, match=f"^{tmp_path}/first cannot be read: 'utf-8' codec"):
        file.find(tmp_path)
