"""check_disk_space and check_memory: what is left of the disk and of the container's memory."""

import shutil

import pytest

from dockerflow.django.checks import check_disk_space, check_memory, memory
from dockerflow.django.checks.disk import Disk
from dockerflow.django.checks.limits import Limit, limit, shown


def found(check, **subject):
    messages = check.subjects.function(app_configs=None, **subject)
    return [(message.level, message.id, message.msg) for message in messages]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("5%", Limit(0.05, 0)),
        ("0.5 %", Limit(0.005, 0)),
        ("2GiB", Limit(0, 2 * 2**30)),
        ("2GB", Limit(0, 2 * 10**9)),
        ("1.5mib", Limit(0, 3 * 2**19)),
    ],
)
def test_an_amount_is_a_part_or_bytes(text, parsed):
    assert limit(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "five", "5 parts", "-1%", "0%", "100%", "120%", "0MB", "1GiBB", "5", "64"]
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"^is "):
        limit(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(12, "12 bytes"), (1536, "1.5 KiB"), (3 * 2**30, "3.0 GiB"), (2**41, "2.0 TiB")],
)
def test_sizes_are_for_people(size, text):
    assert shown(size) == text


@pytest.mark.parametrize("text", ["0%", "100%", "120%"])
def test_a_part_is_above_0_and_below_100_percent(text):
    with pytest.raises(ValueError, match=r"^is not between 0% and 100%$"):
        limit(text)


@pytest.mark.parametrize("text", ["/tmp", "tmp:5%", ":5%", "5%", "/tmp:", "/tmp:many"])
def test_what_is_no_path_with_an_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"^is "):
        check_disk_space.subjects.parse(text)


def test_a_path_may_have_colons():
    assert check_disk_space.subjects.parse("/a:b:1%") == Disk("/a:b", Limit(0.01, 0))


def test_a_disk_with_space_left_is_fine(tmp_path):
    assert found(check_disk_space, disk=Disk(str(tmp_path), Limit(0, 1))) == []


def test_a_disk_with_too_little_left(tmp_path):
    usage = shutil.disk_usage(tmp_path)
    needed = Limit(0, usage.total * 2)
    [(level, message_id, text)] = found(check_disk_space, disk=Disk(str(tmp_path), needed))

    assert (level, message_id) == (40, "dockerflow.health.E026")
    assert text.startswith(f"{tmp_path} has ")
    assert text.endswith(f"%), less than {shown(usage.total * 2)}")


def test_a_file_system_without_any_space():
    assert found(check_disk_space, disk=check_disk_space.subjects.parse("/proc:1GiB")) == [
        (
            *(40, "dockerflow.health.E026"),
            "/proc has 0 bytes of 0 bytes left, less than 1.0 GiB",
        )
    ]


def test_a_path_that_is_not_there(tmp_path):
    path = str(tmp_path / "data")

    assert found(check_disk_space, disk=Disk(path, Limit(0.05, 0))) == [
        (
            *(40, "dockerflow.health.E026"),
            f"The space left on {path} cannot be read: No such file or directory",
        )
    ]
    [message] = check_disk_space.subjects.function(None, Disk(path, Limit(0.05, 0)))
    assert message.hint == "Correct the path in the brackets of the check, or mount the volume."


@pytest.fixture
def cgroups(tmp_path, monkeypatch):
    """Writes the files by which Linux tells limits; a container can't change its own in a test."""
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "OWN_CGROUP", tmp_path / "self")

    def write(own, **groups):
        (tmp_path / "self").write_text(own, errors="surrogateescape")
        for path, files in groups.items():
            folder = tmp_path / path.replace("__", "/").strip("/")
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_text(content)

    return write


MIB = 2**20
TEN_PERCENT = Limit(0.1, 0)


def v2(limit, usage, cache=0):
    return {
        "memory.max": f"{limit}\n",
        "memory.current": f"{usage}\n",
        "memory.stat": f"anon 1\ninactive_file {cache}\nactive_file 2\n",
    }


def v1(limit, usage, cache=0):
    return {
        "memory.limit_in_bytes": f"{limit}\n",
        "memory.usage_in_bytes": f"{usage}\n",
        "memory.stat": f"cache 1\ntotal_inactive_file {cache}\n",
    }


SHORT = [
    (
        *(40, "dockerflow.health.E027"),
        "50.0 MiB of the 1000.0 MiB of memory are left, less than 100.0 MiB",
    )
]
NO_LIMIT = [(20, "dockerflow.health.I006", "This process has no memory limit of its own")]


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        ("0::/\n", {"__": v2(1000 * MIB, 500 * MIB)}, []),
        ("0::/\n", {"__": v2(1000 * MIB, 950 * MIB)}, SHORT),
        ("0::/\n", {"__": v2(1000 * MIB, 950 * MIB, cache=500 * MIB)}, []),
        ("0::/\n", {"__": v2("max", 950 * MIB)}, NO_LIMIT),
        ("0::/pod/app\n", {"pod": v2(1000 * MIB, 950 * MIB), "pod__app": v2("max", MIB)}, SHORT),
        ("0::/not/here\n", {"__": v2(1000 * MIB, 950 * MIB)}, SHORT),
        ("0::/app\udcff\n", {"app\udcff": v2(1000 * MIB, 950 * MIB)}, SHORT),
        ("5:cpu,memory:/\n4:cpu:/\n", {"memory": v1(1000 * MIB, 950 * MIB)}, SHORT),
        ("5:memory:/docker/1\n", {"memory": v1(1000 * MIB, 990 * MIB, cache=40 * MIB)}, SHORT),
        ("5:memory:/\n", {"memory": v1(9223372036854771712, 950 * MIB)}, NO_LIMIT),
        ("", {}, NO_LIMIT),
    ],
)
def test_what_the_containers_limit_leaves(cgroups, own, groups, expected):
    cgroups(own, **groups)

    assert found(check_memory, left=TEN_PERCENT) == expected


def test_the_limit_of_this_machine_can_be_read():
    [*messages] = found(check_memory, left=Limit(0, 1))

    assert messages in ([], NO_LIMIT)
