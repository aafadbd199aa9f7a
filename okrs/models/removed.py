"""What was deleted, kept so that it can come back as it was."""

from django.conf import settings
from django.db import models


class Removed(models.Model):
    """An objective or key result that was deleted, with everything that went with it.

    `rows` are all those rows as Django's serialisers write them, `links` the columns of others that were emptied:
    [model, primary key, column, what it named].
    """

    what = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    name = models.CharField(max_length=200)
    rows = models.JSONField(default=list)
    links = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.name
