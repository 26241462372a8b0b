"""A database backend of a kind that this package does not know; SQLite in truth."""

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "unknown"
    display_name = "Unknown"
