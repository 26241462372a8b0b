"""A Celery application whose broker is the variable BROKER."""

import os

from celery import Celery

app = Celery("shop", broker=os.environ["BROKER"])
app.conf.task_default_queue = "mails"
