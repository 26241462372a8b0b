"""The handlers: where lines go, in which characters, under whose name, and through a queue."""

import io
import json
import logging
import logging.handlers
import os
import pickle
import queue
import subprocess
import sys
import time

import pytest

from dockerflow.logging import (
    ConsoleFormatter,
    MozlogFormatter,
    MozlogHandler,
    MozlogQueueHandler,
    request_id_context,
)
from tests.support.process import python_path
from tests.support.records import Log, Unprintable, caught, logger, strictly_parsed


def test_a_handler_puts_its_name_on_its_lines_and_leaves_the_formatter_to_others():
    formatter = MozlogFormatter(logger_name="everybody")
    handlers = [
        logging.StreamHandler(io.StringIO()),
        MozlogHandler(io.StringIO(), name="shop"),
        logging.StreamHandler(io.StringIO()),
    ]
    for handler in handlers:
        handler.setFormatter(formatter)
        logger(handler).info("x")
    names = [json.loads(handler.stream.getvalue())["Logger"] for handler in handlers]

    assert names == ["everybody", "shop", "everybody"]


def test_a_handler_takes_any_other_formatter_too(log):
    log.handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    log.logger.info("größer")

    assert log.stream.getvalue() == "INFO größer\n"


def test_a_handler_writes_to_stdout_unless_it_gets_a_stream(capsys):
    logger(MozlogHandler(name="shop")).info("x")
    out, err = capsys.readouterr()

    assert (json.loads(out)["Logger"], err) == ("shop", "")


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", b"gr\\u00f6\\u00dfer \\ud83d\\ude00"),
        ("latin-1", b"gr\\u00f6\\u00dfer \\ud83d\\ude00"),
        ("utf-8", "größer 😀".encode()),
    ],
)
def test_characters_that_the_stream_cannot_encode_are_escaped(encoding, written):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    logger(MozlogHandler(stream)).info("größer 😀")
    stream.flush()
    line = stream.buffer.getvalue()

    assert written in line
    assert json.loads(line)["Fields"] == {"msg": "größer 😀"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("extra", [{}, {"tags": {"é": "\u2028", "half": "\ud83d"}}])
def test_under_a_handler_of_any_other_kind_a_line_is_ascii(encoding, extra):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MozlogFormatter())
    logger(handler).info("größer 😀", extra=extra)
    stream.flush()
    line = stream.buffer.getvalue().decode("ascii")

    fields = strictly_parsed(line.removesuffix("\n"))["Fields"]
    assert fields == {
        "msg": "größer 😀",
        **({"tags": {"é": "\u2028", "half": "\\ud83d"}} if extra else {}),
    }


START = """
import logging, logging.config, sys
class Log:
    write = staticmethod(sys.stderr and sys.stderr.write)
    flush = staticmethod(lambda: None)
{before}
from dockerflow.logging import config
logging.config.dictConfig(config(format="{format}", level="INFO"))
logging.getLogger("shop").info("started")
"""


@pytest.mark.parametrize("format_", ["mozlog", "console"])
@pytest.mark.parametrize(
    ("before", "redirected"),
    [
        ("", ">&-"),
        ("sys.stdout = None", ""),
        ("sys.stdout.close()", ""),
        ("sys.stdout = Log()", ""),
    ],
    ids=["closed", "None", "closed later", "only writes"],
)
def test_a_process_without_an_ordinary_stdout_starts_and_logs_to_stderr(
    before, redirected, format_
):
    program = START.format(before=before, format=format_)
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirected}', sys.executable, program],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=True,
    )

    [line] = done.stderr.splitlines()
    if format_ == "console":
        assert line.split(" ", 1)[1] == "INFO     shop started"
    else:
        assert strictly_parsed(line)["Fields"] == {"msg": "started"}


@pytest.mark.parametrize("format_", ["mozlog", "console"])
def test_what_is_logged_after_stdout_was_closed_goes_to_stderr(format_):
    program = START.format(before="", format=format_) + (
        "sys.stdout.close()\n"
        "logging.getLogger('shop').warning('closed')\n"
        "sys.stderr.close()\n"
        "logging.getLogger('shop').warning('lost')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [stream.count("\n") for stream in (done.stdout, done.stderr)] == [1, 1]
    assert ("started" in done.stdout, "closed" in done.stderr) == (True, True)


def test_without_stdout_and_stderr_a_record_is_no_error():
    program = START.format(before="", format="mozlog")
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" >&- 2>&-', sys.executable, program],
        env={"PYTHONPATH": python_path()},
        check=False,
    )

    assert done.returncode == 0


MANY = """
import logging, logging.config
from dockerflow.logging import config
logging.config.dictConfig(config(format="mozlog", level="INFO"))
handler, logger = logging.getLogger().handlers[0], logging.getLogger("shop")
record = logger.makeRecord("shop", 20, "", 1, "x", (), None)
record.created = 1.7e9
for _ in range(200):
    record.msg = "x"
    record.msg += (4096 - len(handler.format(record).encode() + b"\\n")) * "x"
    handler.handle(record)
"""


@pytest.mark.once
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lines_up_to_the_size_of_a_pipes_buffer_never_mix(unbuffered):
    reading, writing = os.pipe()
    environment = {"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-c", MANY]
    writers = [subprocess.Popen(command, stdout=writing, env=environment) for _ in range(4)]
    os.close(writing)
    time.sleep(1)  # until all of them wait for the pipe to have room
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.readlines()

    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert [len(line) for line in lines] == 800 * [4096]
    assert {strictly_parsed(line.decode().rstrip("\n"))["Type"] for line in lines} == {"shop"}


def through_a_queue(record_it, *formatters):
    """The lines of what `record_it` logs through a queue, by each of the formatters."""
    waiting = queue.SimpleQueue()
    logs = [Log(formatter) for formatter in formatters]
    listener = logging.handlers.QueueListener(waiting, *(log.handler for log in logs))
    listener.start()
    record_it(logger(MozlogQueueHandler(waiting)))
    listener.stop()
    return [log.stream.getvalue() for log in logs]


def lines_both_ways(record_it):
    direct = Log()
    record_it(direct.logger)
    [queued] = through_a_queue(record_it, MozlogFormatter())
    parsed = [strictly_parsed(line) for line in queued.splitlines()], direct.lines
    for line in [*parsed[0], *parsed[1]]:
        del line["Timestamp"]
    return parsed


def everything(log):
    error = caught(lambda: {}["plan"])
    token = request_id_context.set("abc")
    log.info("%s signed up", "Änne", extra={"plan": "pro", "tags": {"a"}, "rid": None})
    log.info({"event": "signup", 7: None, "error": "mine"}, extra={"logger_name": "shop"})
    log.error("bad", exc_info=error, extra={"error": "mine", "request": Unprintable()})
    log.warning("", stack_info=True, stacklevel=2)
    log.info("%d", "x")
    request_id_context.reset(token)
    log.info("")


def test_a_queue_changes_nothing_in_the_lines():
    queued, direct = lines_both_ways(everything)
    # The same call, from two lines of this file.
    stacks = [lines[3]["Fields"].pop("stack") for lines in (queued, direct)]

    assert all(stack.startswith("Stack (most recent call last):\n") for stack in stacks)
    assert queued == direct


def test_a_queue_changes_nothing_in_what_a_record_factory_has_set(monkeypatch):
    def factory(name, *args, **kwargs):
        record = logging.LogRecord(name, *args, **kwargs)
        record.team = name.split(".")[0]
        return record

    monkeypatch.setattr(logging, "_logRecordFactory", factory)
    queued, direct = lines_both_ways(lambda log: log.info("hello"))

    assert [line["Fields"] for line in queued] == [{"msg": "hello", "team": "app"}]
    assert queued == direct


def test_a_queued_record_can_be_pickled_and_has_no_object_of_the_projects():
    waiting = queue.SimpleQueue()
    everything(logger(MozlogQueueHandler(waiting)))
    records = [waiting.get_nowait() for _ in range(waiting.qsize())]
    copies = [logging.makeLogRecord(vars(pickle.loads(pickle.dumps(r)))) for r in records]

    formatter = MozlogFormatter()
    assert [*map(formatter.format, copies)] == [*map(formatter.format, records)]


def test_the_console_shows_a_queued_record_as_any_other():
    [console] = through_a_queue(
        lambda log: log.info("%s signed up", "Änne", extra={"plan": "pro"}), ConsoleFormatter()
    )

    assert console.split(" ", 1)[1] == "INFO     app.views Änne signed up plan=pro\n"


def test_a_formatter_of_the_projects_on_the_queue_sees_the_record_itself():
    class Formatter(MozlogFormatter):
        def convert_record(self, record):
            out = super().convert_record(record)
            out["Fields"]["length"] = len(record.msg)
            return out

    waiting = queue.SimpleQueue()
    handler = MozlogQueueHandler(waiting)
    handler.setFormatter(Formatter())
    logger(handler).info("%s", "x")

    fields = json.loads(MozlogFormatter().format(waiting.get_nowait()))["Fields"]
    assert fields == {"msg": "x", "length": 2}
