"""A project that includes the endpoints in its URLconf."""

from django.urls import include, path

from tests import urls

urlpatterns = [
    path("", include("dockerflow.django.urls", namespace="dockerflow")),
    *urls.urlpatterns,
]
