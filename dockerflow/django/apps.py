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
        wiring.register()
        if conf.DOCKERFLOW_METRICS:
            from dockerflow.django import metrics  # noqa: PLC0415

            metrics.connect()
        wiring.log_settings_without_effect()


class DockerFlowAppConfig(DockerflowConfig):
    """The name that Mozilla's package has for it, which some write into ``INSTALLED_APPS``."""

    default = False
