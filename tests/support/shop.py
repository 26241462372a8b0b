"""A small project with the ready-made LOGGING and nothing else, served as in production."""

import json
import shlex

from dockerflow.logging import config
from tests.support.web import Server

FILES = {
    "__init__.py": "",
    "settings.py": """
import dockerflow.logging

SECRET_KEY = "shop"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["dockerflow.django"]
MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
ROOT_URLCONF = "tests.urls"
LOGGING = dockerflow.logging.config()
""",
    "wsgi.py": """
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
""",
    "asgi.py": """
from django.core.asgi import get_asgi_application

application = get_asgi_application()
""",
}
GUNICORN = """
import dockerflow.logging

logconfig_dict = dockerflow.logging.config()
"""
ADDRESS = {
    "gunicorn": "--bind 127.0.0.1:{port}",
    "uvicorn": "--port {port}",
    "hypercorn": "--bind 127.0.0.1:{port}",
    "daphne": "--port {port}",
    "granian": "--port {port}",
    "django": "127.0.0.1:{port}",
}


class Shop(Server):
    """The project under a server, in a folder of its own; the command is without the address.

    The folder also has configurations of logging: ``configured.py`` for gunicorn, ``log.json``.
    """

    def __init__(self, command: str, **environment: str) -> None:
        server = command.split(maxsplit=1)[0]
        super().__init__(*shlex.split(f"{command} {ADDRESS[server]}"), **environment)
        self.off = self.folder / "off"
        self._environment |= {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "BASE_DIR": str(self.folder),
            "DOCKERFLOW_CHECKS": "tests.support.switch.is_on",
            "SWITCH": str(self.off),
        }
        (self.folder / "version.json").write_text("{}")
        (self.folder / "configured.py").write_text(GUNICORN)
        (self.folder / "log.json").write_text(json.dumps(config()))
        (self.folder / "shop").mkdir()
        for name, text in FILES.items():
            (self.folder / "shop" / name).write_text(text)
