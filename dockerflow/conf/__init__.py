"""The settings: ``conf`` reads them, ``Conf`` declares them.

A value is the Django setting; else the environment variable of the same name; else the entry in
``settings.ini`` or ``.env`` in ``BASE_DIR``; else the default::

    from dockerflow.conf import conf

    conf.DOCKERFLOW_HEARTBEAT_TIMEOUT  # 5.0
"""

from dockerflow.conf.declarations import DEFAULT, DJANGO, ENVIRONMENT, Conf, conf, lenient

__all__ = ["DEFAULT", "DJANGO", "ENVIRONMENT", "Conf", "conf", "lenient"]
