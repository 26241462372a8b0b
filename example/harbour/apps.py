from django.apps import AppConfig
from django.conf import settings


class HarbourConfig(AppConfig):
    name = "harbour"

    def ready(self) -> None:
        if settings.STATSD_HOST:
            from harbour import receivers  # noqa: F401, PLC0415 (connects them)
