"""A database backend that connects with a token of another service, which is away."""

from django.db.backends.postgresql import base


class NoTokenError(Exception):
    """It is no error of Django's."""


class DatabaseWrapper(base.DatabaseWrapper):
    asked = 0  # how often the other service was asked

    def get_new_connection(self, conn_params):
        DatabaseWrapper.asked += 1
        raise NoTokenError("no token within 1 s")
