"""The answer of the heartbeat: as JSON, as a page for people, or as metrics for Prometheus."""

from dockerflow.django.renderers.answer import answer, json_response, shows_build
from dockerflow.django.renderers.details import challenge

__all__ = ["answer", "challenge", "json_response", "shows_build"]
