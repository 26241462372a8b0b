from pathlib import Path

from configurations import Configuration, values

import dockerflow.logging


class Production(Configuration):
    BASE_DIR = Path(__file__).resolve().parent.parent

    SECRET_KEY = values.SecretValue(environ_prefix=None)
    DEBUG = values.BooleanValue(False, environ_prefix=None)
    ALLOWED_HOSTS = values.ListValue(["localhost"], environ_prefix=None)
    DATABASES = values.DatabaseURLValue(f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    INSTALLED_APPS = ["dockerflow.django"]
    MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
    LOGGING = dockerflow.logging.config()


class Development(Production):
    DEBUG = True
    DOTENV = Production.BASE_DIR / ".env"
