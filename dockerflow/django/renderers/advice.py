"""What to do about a message of our own, for the page. The documentation has more, in "Checks"."""

from dockerflow import health

ADVICE = {
    health.INFO_CANT_CHECK_MIGRATIONS: "Look at the messages of the same database first.",
    health.INFO_LOCAL_CACHE: "Nothing to do: no other process can see this cache.",
    health.INFO_CHECK_WAITING: "Look at the check that it waits for.",
    health.INFO_CANT_CHECK_WRITES: "Nothing to do: this kind of database cannot be asked.",
    health.INFO_MAIL_NOT_SENT: "Choose a backend that sends, where mails are to be sent.",
    health.INFO_NO_MEMORY_LIMIT: "Set a memory limit for the container, or take the check off.",
    health.INFO_TASKS_WITHOUT_QUEUE: "Choose a backend with a queue in TASKS, where tasks are to"
    " run later.",
    health.WARNING_UNAPPLIED_MIGRATION: "Run manage.py migrate.",
    health.ERROR_CANNOT_CONNECT_DATABASE: "Check that the database server runs, and the host, port,"
    " name and password in DATABASES. The network between may refuse the connection too.",
    health.ERROR_UNUSABLE_DATABASE: "The server accepts connections. Look at its log, its disk and"
    " its locks.",
    health.ERROR_MISCONFIGURED_DATABASE: "Correct this alias in DATABASES.",
    health.ERROR_CANNOT_CONNECT_REDIS: "Check that the Redis server runs, and its address and"
    " password in CACHES.",
    health.ERROR_MISSING_REDIS_CLIENT: "Install the client that the cache's backend needs.",
    health.ERROR_MISCONFIGURED_REDIS: "Correct this alias in CACHES.",
    health.ERROR_REDIS_PING_FAILED: "The server is reached and refuses a PING. It may be loading,"
    " out of memory, or ask for another password.",
    health.ERROR_CACHE_FAILED: "Check that the cache's server runs, and its address in CACHES.",
    health.ERROR_CACHE_LOST_VALUE: "The cache may be full, or a replica that lags may have been"
    " read.",
    health.ERROR_MIGRATIONS_FORBIDDEN: "Grant the database's user SELECT on django_migrations and"
    " USAGE on its schema, or take the check off the list for this database.",
    health.ERROR_READ_ONLY_DATABASE: "The server takes no writes: it may be a standby, or a primary"
    " that was demoted. Reconnect to the primary.",
    health.ERROR_STORAGE_FAILED: "Check that the storage can be reached, its credentials, and that"
    " it may be written to.",
    health.ERROR_STORAGE_LOST_CONTENT: "Something between changes files, or a replica that lags"
    " was read.",
    health.ERROR_CANNOT_CONNECT_MAIL: "Check that the mail server runs, and MAILERS or the"
    " EMAIL_ settings: host, port, TLS, user and password.",
    health.ERROR_CANNOT_CONNECT_CELERY: "Check that Celery's broker runs, and its URL.",
    health.ERROR_NO_CELERY_WORKER: "Start a worker for this queue, or look at why it hangs.",
    health.ERROR_TASKS_FAILED: "Correct this alias in TASKS, and install what its backend needs.",
    health.ERROR_DISK_FULL: "Delete what is not needed, or enlarge the volume.",
    health.ERROR_MEMORY_SHORT: "Raise the container's memory limit, run fewer worker processes, or"
    " look for a leak.",
    health.ERROR_URL_FAILED: "Look at the service behind the URL, and at the network between.",
    health.ERROR_CONNECT_FAILED: "Check that something listens there, and the network between.",
    health.ERROR_HOST_UNKNOWN: "Check the name, and the container's DNS resolver.",
    health.CRITICAL_CHECK_TIMED_OUT: "It hangs. Look at the load and the locks of what it connects"
    " to, and at the network between. The log record shows where in the code.",
    health.CRITICAL_CHECK_RAISED: "A fault of the check itself. The log record has the traceback.",
    health.CRITICAL_CHECK_RETURNED_JUNK: "Correct the check: it must return a list of messages of"
    " django.core.checks.",
}
