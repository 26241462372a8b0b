"""What Django loads where ``INSTALLED_APPS`` has ``"dockerflow"``, which is not the app."""

from django.apps import AppConfig


class MisnamedConfig(AppConfig):
    """Registers nothing but a system check that names the right entry."""

    name = "dockerflow"
    label = "misnamed_dockerflow"

    def ready(self) -> None:
        from dockerflow.django import wiring  # noqa: PLC0415 (the apps come first)

        wiring.register_app_check()
