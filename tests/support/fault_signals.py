"""A check that fails late, and a receiver that logs what it is told of it."""

import logging
import time

from django.core.checks import Warning as Bad
from django.dispatch import receiver

from dockerflow.django.signals import heartbeat_failed

logger = logging.getLogger(__name__)


def fails_late(app_configs, **kwargs):
    time.sleep(1)
    return [Bad("late", id="tests.W002")]


@receiver(heartbeat_failed)
def tell(sender, level, **kwargs):
    logger.error("failed with level %s", level)
