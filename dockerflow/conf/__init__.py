"""The settings: ``conf`` reads them, ``Conf`` declares them.

A value is the Django setting; else the environment variable of the same name; else the entry in
``settings.ini`` or ``.env`` in ``BASE_DIR``; else the default::

    from dockerflow.conf import conf

    conf.DOCKERFLOW_HEARTBEAT_TIMEOUT  # 5.0

Reading a bad value raises ``django.core.exceptions.ImproperlyConfigured``; reading it from
``lenient`` gives the default.
"""

from dockerflow.conf.declarations import Conf, conf, lenient
from dockerflow.conf.setting import Setting
from dockerflow.conf.settings import DEFAULT
from dockerflow.conf.sources import DJANGO, ENVIRONMENT

__all__ = ["DEFAULT", "DJANGO", "ENVIRONMENT", "Conf", "Setting", "conf", "lenient"]
