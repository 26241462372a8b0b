from django.db import models


class Berth(models.Model):
    """A place at the quay, with the ship that lies there."""

    name = models.CharField(max_length=20, unique=True)
    ship = models.CharField(max_length=50, blank=True)
    since = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
