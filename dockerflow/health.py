"""The ids of every message this package sends: one list, never renumbered.

Heartbeat messages are ``dockerflow.health.*``; E008 to E010 belong to other Dockerflow libraries
(Flask's checks) and stay free. What ``manage.py check`` says about a project's wiring is
``dockerflow.W*``. Each is explained in the documentation, chapter "Checks".
"""

INFO_CANT_CHECK_MIGRATIONS = "dockerflow.health.I001"
INFO_LOCAL_CACHE = "dockerflow.health.I002"
INFO_CHECK_WAITING = "dockerflow.health.I003"
INFO_CANT_CHECK_WRITES = "dockerflow.health.I004"
WARNING_UNAPPLIED_MIGRATION = "dockerflow.health.W001"
ERROR_CANNOT_CONNECT_DATABASE = "dockerflow.health.E001"
ERROR_UNUSABLE_DATABASE = "dockerflow.health.E002"
ERROR_MISCONFIGURED_DATABASE = "dockerflow.health.E003"
ERROR_CANNOT_CONNECT_REDIS = "dockerflow.health.E004"
ERROR_MISSING_REDIS_CLIENT = "dockerflow.health.E005"
ERROR_MISCONFIGURED_REDIS = "dockerflow.health.E006"
ERROR_REDIS_PING_FAILED = "dockerflow.health.E007"
ERROR_CACHE_FAILED = "dockerflow.health.E011"
ERROR_CACHE_LOST_VALUE = "dockerflow.health.E012"
ERROR_MIGRATIONS_FORBIDDEN = "dockerflow.health.E013"
ERROR_READ_ONLY_DATABASE = "dockerflow.health.E014"
CRITICAL_CHECK_TIMED_OUT = "dockerflow.health.C001"
CRITICAL_CHECK_RAISED = "dockerflow.health.C002"
CRITICAL_CHECK_RETURNED_JUNK = "dockerflow.health.C003"

WARNING_UNKNOWN_SETTING = "dockerflow.W001"
WARNING_MIDDLEWARE_NOT_FIRST = "dockerflow.W002"
WARNING_ROUTE_SHADOWED = "dockerflow.W003"
WARNING_NOT_WIRED = "dockerflow.W004"
WARNING_SSL_REDIRECT = "dockerflow.W005"
WARNING_NO_VERSION_OBJECT = "dockerflow.W006"
WARNING_INCOMPLETE_VERSION_OBJECT = "dockerflow.W007"
WARNING_SUMMARY_GOES_NOWHERE = "dockerflow.W008"
WARNING_FILE_PASSED_OVER = "dockerflow.W009"
WARNING_LINE_WITHOUT_EFFECT = "dockerflow.W010"
WARNING_EASY_TO_GUESS = "dockerflow.W011"
