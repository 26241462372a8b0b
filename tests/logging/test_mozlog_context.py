"""What goes into a line beside the record: its exception, its stack, the id of the request."""

import logging
import logging.handlers
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from dockerflow.logging.mozlog import MozlogFormatter
from dockerflow.logging.request_id import request_id_context
from tests.support.records import caught


@contextmanager
def request(rid: str) -> Iterator[None]:
    token = request_id_context.set(rid)
    yield
    request_id_context.reset(token)


def test_an_exception_is_an_error_and_a_traceback(log):
    error = caught(lambda: int("\n"))
    log.logger.error("bad", exc_info=error)
    fields = log.fields
    traceback = error.__traceback__
    at = f'File "{traceback.tb_frame.f_code.co_filename}", line {traceback.tb_lineno}, in caught'
    assert fields["traceback"].startswith(
        f"Traceback (most recent call last):\n  {at}\n    raising()\n"
    )
    assert (fields["msg"], fields["error"]) == ("bad", repr(error))


def test_exc_info_outside_of_an_except_block_is_no_field(log):
    log.logger.info("x", exc_info=True)  # noqa: LOG014
    assert log.fields == {"msg": "x"}


def test_an_exc_info_of_another_kind_is_shown(log):
    log.logger.info("x", exc_info=("a", "b", "c"))
    assert log.fields == {"msg": "x", "error": "('a', 'b', 'c')"}


def test_a_stack_is_a_field(log):
    log.logger.info("x", stack_info=True)
    assert log.fields["stack"].startswith("Stack (most recent call last):\n")


def test_the_traceback_of_a_record_that_came_through_a_socket_is_kept():
    error = caught(lambda: int(""))
    exc_info = (ValueError, error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "x", "levelno": 40, "exc_info": exc_info})
    handler = logging.handlers.SocketHandler("localhost", 0)
    sent = pickle.loads(handler.makePickle(record)[4:])
    fields = MozlogFormatter().convert_record(logging.makeLogRecord(sent))["Fields"]
    assert fields["traceback"].startswith("Traceback (most recent call last):\n")


def test_every_record_of_a_request_has_its_id_without_a_filter(log):
    log.logger.info("before")
    with request("abc"):
        log.logger.info("during", extra={"plan": "pro"})
        log.logger.info({"rid": "forged"})
        log.logger.info("passed on", extra={"rid": "def"})
        log.logger.info("not passed on", extra={"rid": None})
        log.logger.error("", exc_info=ValueError(), extra={"rid": "ghi"})
    log.logger.info("after")
    said = [line["Fields"] for line in log.lines]
    assert [(fields.get("msg"), fields.get("rid")) for fields in said] == [
        ("before", None),
        ("during", "abc"),
        (None, "abc"),
        ("passed on", "def"),
        ("not passed on", "abc"),
        (None, "ghi"),
        ("after", None),
    ]


def test_what_django_logs_of_a_request_when_it_is_over_has_its_id(log):
    over = RequestFactory().get("/nowhere/")
    over._id = "abc"
    log.logger.warning("Not Found: /nowhere/", extra={"request": over})
    assert log.fields["rid"] == "abc"


class Broken:
    @property
    def _id(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "request_",
    [None, "GET /", RequestFactory().get("/"), SimpleNamespace(_id=7), Broken()],
    ids=lambda request: type(request).__name__,
)
def test_what_has_no_request_with_an_id_has_none(log, request_):
    log.logger.warning("x", extra={"request": request_})
    assert "rid" not in log.fields
