"""Two signals tell of every heartbeat run that finishes, whoever shared it.

.. data:: dockerflow.django.signals.heartbeat_passed

   Sent when the heartbeat passed.

.. data:: dockerflow.django.signals.heartbeat_failed

   Sent when it failed: a required check said something of ``DOCKERFLOW_HEARTBEAT_FAIL_LEVEL`` or
   worse, which is a warning unless set otherwise.

The sender is the view, ``dockerflow.django.views.heartbeat``. Receivers also get ``level`` (the
worst level among the required checks as an int, 0 for ok) and ``report``
(:class:`dockerflow.heartbeat.Report`). They
are called robustly: one that raises is logged and changes nothing.

Counting heartbeats with statsd:

.. code-block:: python

    from django.dispatch import receiver
    from statsd.defaults.django import statsd

    from dockerflow.django.signals import heartbeat_failed, heartbeat_passed


    @receiver(heartbeat_passed)
    def count_passed(sender, level, **kwargs):
        statsd.incr("heartbeat.pass")


    @receiver(heartbeat_failed)
    def count_failed(sender, level, report, **kwargs):
        statsd.incr("heartbeat.fail")
        for result in report.results:
            if result.level:
                statsd.incr(f"heartbeat.fail.{result.check.name}")
"""

from django.dispatch import Signal

heartbeat_passed = Signal()
heartbeat_failed = Signal()
