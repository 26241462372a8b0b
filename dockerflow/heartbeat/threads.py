"""Threads for which no process waits when it exits.

That is more than being a daemon thread: ``concurrent.futures`` joins the threads of its executors,
and with them whatever hangs in ``asyncio.to_thread()`` or ``loop.getaddrinfo()``.
https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar, cast

T = TypeVar("T")


def start(name: str, target: Callable[[], object]) -> threading.Thread:
    """Run ``target`` in a daemon thread, in an empty context.

    Some Pythons let a thread inherit the context of whoever starts it, and tracing libraries do the
    same to all of them: a thread that stays would then be part of the first request for good.
    https://docs.python.org/3.14/using/cmdline.html#envvar-PYTHON_THREAD_INHERIT_CONTEXT

    :raises RuntimeError: the system has no thread to give
    """
    thread = threading.Thread(
        target=Context().run, args=(target,), name=f"heartbeat-{name}", daemon=True
    )
    thread.start()
    return thread


def outside_greenlets(call: Callable[[], T]) -> T:
    """Make the call in a thread of the system also where gevent has made greenlets of threads.

    An event loop needs that: a thread can run one, and greenlets are all in one thread.
    https://www.gevent.org/api/gevent.threadpool.html
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return call()

    def attempt() -> tuple[Any, BaseException | None]:
        try:
            return call(), None
        except BaseException as error:  # of a SystemExit, the pool would end the process
            return None, error
        finally:
            # Greenlets of this thread may have threads to end. One that hangs is left after 1 s.
            gevent.get_hub().join(1)

    gevent = importlib.import_module("gevent")
    # Not the hub's own pool, in which gevent resolves names for all.
    pool = importlib.import_module("gevent.threadpool").ThreadPool(1)
    try:
        made, error = pool.apply(attempt)
    finally:
        pool.kill()
    if error is not None:
        raise error
    return cast("T", made)


class Lane(Executor):
    """One thread, in which calls follow one another."""

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self.thread = start(name, self._work)

    def put(self, call: Callable[[], object]) -> None:
        """Have the call made, which must not raise, without a future."""
        self._queue.put(call)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.put(partial(_settle, future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._queue.put(None)

    def _work(self) -> None:
        while call := self._queue.get():
            call()


class Threads(ThreadPoolExecutor):  # an event loop takes no other kind by default
    """A thread for each call."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        start("call", partial(_settle, future, partial(fn, *args, **kwargs)))
        return future


def _settle(future: Future[Any], call: Callable[[], object]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            settle = partial(future.set_result, call())
        except BaseException as error:
            settle = partial(future.set_exception, error)
        # A greenlet is in the thread of the event loop that waits for the future, and from Python
        # 3.14 on nothing wakes a loop for what happens in its own thread.
        # https://github.com/python/cpython/blob/3.14/Lib/asyncio/futures.py (_chain_future)
        outside_greenlets(settle)
