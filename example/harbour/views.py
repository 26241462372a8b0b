from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from harbour.models import Berth


def board(request: HttpRequest) -> HttpResponse:
    """Which ship lies where."""
    context = {"berths": Berth.objects.order_by("name"), "times": count()}
    return render(request, "harbour/board.html", context)


def count() -> int | None:
    """How often the board was shown; None while the cache is away, which hides no berth."""
    try:
        cache.add("times", 0, timeout=None)
        return cache.incr("times")
    except Exception:  # each backend raises its own
        return None
