"""A storage and a task backend that hang, and one of each that breaks."""

import time

import django
from django.core import checks
from django.core.files.storage import InMemoryStorage

HANG = 30  # seconds


class HangingStorage(InMemoryStorage):
    def save(self, *args, **kwargs):
        time.sleep(HANG)


class ForgetfulStorage(InMemoryStorage):
    def open(self, name, mode="rb"):
        file = super().open(name, mode)
        file.truncate(3)
        return file


class ReadOnlyStorage(InMemoryStorage):
    def save(self, *args, **kwargs):
        raise PermissionError("the bucket takes no files")


class UnreadableStorage(InMemoryStorage):
    kept = []

    def save(self, name, content, max_length=None):
        saved = super().save(name, content, max_length)
        self.kept.append(saved)
        return saved

    def open(self, name, mode="rb"):
        raise PermissionError("the bucket gives no files")

    def delete(self, name):
        super().delete(name)
        self.kept.remove(name)


if django.VERSION >= (6, 0):
    from django.tasks.backends.base import BaseTaskBackend

    class QuietTasks(BaseTaskBackend):
        def enqueue(self, task, args, kwargs):
            raise NotImplementedError

    class ComplainingTasks(QuietTasks):
        def check(self, **kwargs):
            return [checks.Warning("12,000 tasks wait", id="shop.W001")]

    class BrokenTasks(QuietTasks):
        def check(self, **kwargs):
            raise ConnectionError("the queue is away")

    class HangingTasks(QuietTasks):
        def check(self, **kwargs):
            time.sleep(HANG)
            return []
