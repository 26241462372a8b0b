"""The ids of every message this package sends, one list, never renumbered; and what to do.

Heartbeat messages are ``dockerflow.health.*``; E008 to E010 belong to other Dockerflow libraries
(Flask's checks) and stay free. What ``manage.py check`` says about a project's wiring is
``dockerflow.W*``. Each is explained in the documentation, chapter "Checks".
"""

INFO_CANT_CHECK_MIGRATIONS = "dockerflow.health.I001"
INFO_LOCAL_CACHE = "dockerflow.health.I002"
INFO_CHECK_WAITING = "dockerflow.health.I003"
INFO_CANT_CHECK_WRITES = "dockerflow.health.I004"
INFO_MAIL_NOT_SENT = "dockerflow.health.I005"
INFO_NO_MEMORY_LIMIT = "dockerflow.health.I006"
INFO_TASKS_WITHOUT_QUEUE = "dockerflow.health.I007"
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
ERROR_STORAGE_FAILED = "dockerflow.health.E020"
ERROR_STORAGE_LOST_CONTENT = "dockerflow.health.E021"
ERROR_CANNOT_CONNECT_MAIL = "dockerflow.health.E022"
ERROR_CANNOT_CONNECT_CELERY = "dockerflow.health.E023"
ERROR_NO_CELERY_WORKER = "dockerflow.health.E024"
ERROR_TASKS_FAILED = "dockerflow.health.E025"
ERROR_DISK_FULL = "dockerflow.health.E026"
ERROR_MEMORY_SHORT = "dockerflow.health.E027"
ERROR_URL_FAILED = "dockerflow.health.E028"
ERROR_CONNECT_FAILED = "dockerflow.health.E029"
ERROR_HOST_UNKNOWN = "dockerflow.health.E030"
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
WARNING_FILE_IGNORED = "dockerflow.W009"
WARNING_LINE_WITHOUT_EFFECT = "dockerflow.W010"
WARNING_EASY_TO_GUESS = "dockerflow.W011"
WARNING_APP_NOT_INSTALLED = "dockerflow.W012"

# What to do about a message of a heartbeat that brings no hint of its own
ADVICE: dict[str, str] = {
    INFO_CANT_CHECK_MIGRATIONS: "Look at the other messages about this database first.",
    INFO_LOCAL_CACHE: "Nothing to do: no other process can see this cache.",
    INFO_CHECK_WAITING: "Look at the check that it waits for.",
    INFO_CANT_CHECK_WRITES: "Leave this database out of check_database_writable.",
    INFO_MAIL_NOT_SENT: "If mails are to be sent, choose a backend that sends them.",
    INFO_NO_MEMORY_LIMIT: "Set a memory limit for the container, or remove the check.",
    INFO_TASKS_WITHOUT_QUEUE: "If tasks are to run later, choose a backend with a queue in TASKS.",
    WARNING_UNAPPLIED_MIGRATION: "Run manage.py migrate.",
    ERROR_CANNOT_CONNECT_DATABASE: "Check that the database server runs and has connections left,"
    " that host, port, name, user and password in DATABASES are right, and that the network lets"
    " the connection through.",
    ERROR_UNUSABLE_DATABASE: "The server accepts connections, but the query fails. Look at its log,"
    " its disk, its locks and its timeout for queries.",
    ERROR_MISCONFIGURED_DATABASE: "Correct this alias in DATABASES.",
    ERROR_CANNOT_CONNECT_REDIS: "Check that the Redis server runs, that its address and password in"
    " CACHES are right, and that the network lets the connection through.",
    ERROR_MISSING_REDIS_CLIENT: "Install the package that is missing, or correct this alias in"
    " CACHES.",
    ERROR_MISCONFIGURED_REDIS: "Correct this alias in CACHES.",
    ERROR_REDIS_PING_FAILED: "The server answers, but refuses the PING. It may still load its data,"
    " be out of memory, or ask for another password.",
    ERROR_CACHE_FAILED: "Check that the cache's server runs and answers, and that this alias in"
    " CACHES is right: its address, its password and its options.",
    ERROR_CACHE_LOST_VALUE: "The cache may be full, its server may be down while its client hides"
    " that, or the value was read from a replica that lags behind.",
    ERROR_MIGRATIONS_FORBIDDEN: "Grant the database's user SELECT on django_migrations and USAGE on"
    " its schema, or leave this database out of check_migrations_applied.",
    ERROR_READ_ONLY_DATABASE: "The server accepts no writes: it may be a standby, or a primary that"
    " was demoted. Restart the service, so that it connects to the new primary.",
    ERROR_STORAGE_FAILED: "Check that the storage can be reached, that its credentials are right,"
    " and that it may be written to.",
    ERROR_STORAGE_LOST_CONTENT: "Something on the way to the storage changes files, or the file was"
    " read from a replica that lags behind.",
    ERROR_CANNOT_CONNECT_MAIL: "Check that the mail server runs, and that host, port, TLS, user and"
    " password in MAILERS or in the EMAIL_ settings are right.",
    ERROR_CANNOT_CONNECT_CELERY: "Check that Celery's broker runs, and that its URL is right.",
    ERROR_NO_CELERY_WORKER: "Start a worker for this queue, or find out why the worker hangs.",
    ERROR_TASKS_FAILED: "Correct this alias in TASKS, and install what its backend needs.",
    ERROR_DISK_FULL: "Find out with df and du what takes the space. Delete what is not needed, or"
    " enlarge the volume.",
    ERROR_MEMORY_SHORT: "Raise the container's memory limit, run fewer worker processes, or look"
    " for a leak.",
    ERROR_URL_FAILED: "Look at the service behind the URL, and at the network between.",
    ERROR_CONNECT_FAILED: "Check that something listens there, and that the network lets the"
    " connection through.",
    ERROR_HOST_UNKNOWN: "Check the name, and the DNS server of the container.",
    CRITICAL_CHECK_TIMED_OUT: "What the check waits for does not answer. Look at the server that it"
    " connects to, at its load and its locks, at the network between, and at the DNS server.",
    CRITICAL_CHECK_RAISED: "Correct the check, or the code that it calls.",
    CRITICAL_CHECK_RETURNED_JUNK: "Correct the check: it must return a list of messages of"
    " django.core.checks.",
}

# What an answer adds to the advice, and the log record itself does not need
IN_THE_LOG: dict[str, str] = {
    CRITICAL_CHECK_TIMED_OUT: "The log record from the start of this failure has the whole stack.",
    CRITICAL_CHECK_RAISED: "The log record from the start of this failure has the traceback.",
}
