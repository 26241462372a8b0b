"""After each run of the heartbeat's checks, one of two signals is sent.

.. data:: dockerflow.django.signals.heartbeat_passed

   Sent when the heartbeat passed.

.. data:: dockerflow.django.signals.heartbeat_failed

   Sent when it failed: a required check returned a message of
   ``DOCKERFLOW_HEARTBEAT_FAIL_LEVEL`` or worse. The default is a warning.

The sender is the view, ``dockerflow.django.views.heartbeat``. Receivers also get ``level`` (the
worst level among the required checks as an int, 0 for ok) and ``report``
(:class:`dockerflow.heartbeat.Report`). If
a receiver raises, Django logs that, and the answer stays the same.

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
        for name, results in report.by_name.items():
            if any(result.level >= report.fail_level for result in results):
                statsd.incr(f"heartbeat.fail.{name}")
"""

from django.dispatch import Signal

heartbeat_passed = Signal()
heartbeat_failed = Signal()
