from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from harbour.models import Berth


def board(request: HttpRequest) -> HttpResponse:
    """Which ship lies where."""
    return render(request, "harbour/board.html", {"berths": Berth.objects.order_by("name")})
