"""gunicorn with gevent, whose master has no Django and gets none from its logging configuration."""

import pytest

from tests.support.web import Server

pytestmark = pytest.mark.once

FILES = {
    # As requests and boto3 import it
    "shop.py": """
from ssl import PROTOCOL_TLS_CLIENT, SSLContext, TLSVersion
from django.http import HttpResponse
from django.urls import path
import dockerflow.logging

def tls(request):
    SSLContext(PROTOCOL_TLS_CLIENT).minimum_version = TLSVersion.TLSv1_2
    return HttpResponse("set")

SECRET_KEY = "shop"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop"
INSTALLED_APPS = ["dockerflow.django"]
MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
LOGGING = dockerflow.logging.config()
urlpatterns = [path("tls", tls)]
""",
    # As startproject writes it
    "shop_wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop")
application = get_wsgi_application()
""",
    "gunicorn.conf.py": """
import dockerflow.logging
logconfig_dict = dockerflow.logging.config()
""",
}


class Gunicorn(Server):
    """Serves the files above, with DJANGO_SETTINGS_MODULE in the environment or without."""

    def __init__(self, folder, module):
        paths = [f"--config={folder}/gunicorn.conf.py", f"--pythonpath={folder}"]
        options = ["--worker-class=gevent", "--bind=127.0.0.1:{port}"]
        super().__init__("gunicorn", *options, *paths, "shop_wsgi")
        self._module = module

    def environment(self):
        environment = super().environment()
        del environment["DJANGO_SETTINGS_MODULE"]
        return environment | self._module


@pytest.mark.parametrize(
    "module", [{}, {"DJANGO_SETTINGS_MODULE": "shop"}], ids=["without", "with"]
)
def test_a_master_with_our_logging_starts_workers_and_tls_works_in_them(tmp_path, module):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    with Gunicorn(tmp_path, module) as server:
        assert server.get("/tls").body == b"set"
