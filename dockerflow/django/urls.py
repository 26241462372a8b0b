"""The route table, the only one: for ``include()``, and for the middleware, which reads it."""

from django.urls import re_path

from dockerflow.django import views

app_name = "dockerflow"
urlpatterns = [
    re_path(r"^__version__/?\Z", views.version, name="version"),
    re_path(r"^__heartbeat__/?\Z", views.heartbeat, name="heartbeat"),
    re_path(r"^__lbheartbeat__/?\Z", views.lbheartbeat, name="lbheartbeat"),
    re_path(r"^__error__/?\Z", views.error, name="error"),
]
