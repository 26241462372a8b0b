"""Whether the storages keep files."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.subjects import subjects


def storage_aliases() -> list[str]:
    """The storages in ``STORAGES``, without that of static files."""
    return [alias for alias in settings.STORAGES if alias != "staticfiles"]


@subjects("storage", storage_aliases)
def check_storages(app_configs: Any, storage: str, **kwargs: Any) -> list[CheckMessage]:
    """A storage saves a small file of a unique name, gives it back and deletes it.

    E020 where it raises, E021 where it gives back something else.
    """
    from django.core.files.base import ContentFile  # noqa: PLC0415 (storages import much)
    from django.core.files.storage import storages  # noqa: PLC0415

    content = uuid.uuid4().hex.encode()
    wanted = f"dockerflow-{content.decode()}.txt"
    name = None
    try:
        chosen = storages[storage]
        name = chosen.save(wanted, ContentFile(content))
        with chosen.open(name) as file:
            returned = file.read()
        chosen.delete(name)
    except Exception as error:
        with suppress(Exception):
            if name is None:
                # A disk that is full keeps an empty file. Other storages than that of files have no
                # path: what could not be saved there is not waited for again.
                chosen.path(wanted)
            chosen.delete(name or wanted)
        text = f'Storage "{storage}" raised {type(error).__name__}: {error}'
        return [checks.Error(text, id=health.ERROR_STORAGE_FAILED)]
    if returned != content:
        text = f'Storage "{storage}" returned other content than was saved'
        return [checks.Error(text, id=health.ERROR_STORAGE_LOST_CONTENT)]
    return []
