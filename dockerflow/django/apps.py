from django.apps import AppConfig

from dockerflow.conf import conf


class DockerflowConfig(AppConfig):
    name = "dockerflow.django"
    label = "dockerflow"
    verbose_name = "Dockerflow"

    def ready(self) -> None:
        from dockerflow.django import checks, wiring  # noqa: PLC0415 (the apps come first)

        conf.validate()
        checks.register()
        wiring.log_settings_without_effect()
