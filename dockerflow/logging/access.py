"""The access lines of web servers, without those nobody reads."""

import logging

PROBES = ("/__lbheartbeat__", "/__heartbeat__", "/__version__")


class PassingProbeFilter(logging.Filter):
    """Drops the access lines of gunicorn, uvicorn and runserver for endpoints that passed.

    Passed is any status below 400; the endpoints may be below any prefix.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        target, status = _answered(record)
        path = target.partition("?")[0].rstrip("/")
        return not (path.endswith(PROBES) and status.startswith(("1", "2", "3")))


def _answered(record: logging.LogRecord) -> tuple[str, str]:
    match record.args:
        case {"U": path, "s": status}:  # gunicorn, whatever its access_log_format
            return str(path), str(status)
        case (_, _, target, _, status):  # uvicorn
            return str(target), str(status)
        case (str(request_line), status, _):  # runserver
            return "".join(request_line.split()[1:2]), str(status)
    return "", ""
