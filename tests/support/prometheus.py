"""A real Prometheus that scrapes the heartbeat of one server."""

import contextlib
import http.client
import json
from pathlib import Path
from urllib.parse import quote

from tests.support.process import HOST, Process, find_program

HINT = "apt-get install prometheus"


def promtool() -> Path:
    """Return the program that checks metrics, configurations and rules."""
    return find_program("promtool", hint=HINT)


class Prometheus(Process):
    """Scrapes ``/__heartbeat__`` of a port, once a second, with a bearer token."""

    def __init__(self, target: int, token: str) -> None:
        self.program = find_program("prometheus", hint=HINT)
        super().__init__()
        self._configuration = self.folder / "prometheus.yml"
        self._configuration.write_text(
            json.dumps(  # which is YAML too
                {
                    "global": {"scrape_interval": "1s"},
                    "scrape_configs": [
                        {
                            "job_name": "heartbeat",
                            "metrics_path": "/__heartbeat__",
                            "authorization": {"credentials": token},
                            "static_configs": [{"targets": [f"{HOST}:{target}"]}],
                        }
                    ],
                }
            )
        )

    def command(self) -> list[str | Path]:
        return [
            self.program,
            f"--config.file={self._configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={HOST}:{self.port}",
        ]

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._get("/-/ready")[0] == 200
        return False

    def values(self, query: str) -> dict[str, float]:
        """Return the values that a query finds, by the ``check`` of their labels."""
        _, body = self._get(f"/api/v1/query?query={quote(query)}")
        return {
            found["metric"].get("check", ""): float(found["value"][1])
            for found in json.loads(body)["data"]["result"]
        }

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
