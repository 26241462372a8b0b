from django.urls import path
from harbour.views import board

urlpatterns = [path("", board)]
