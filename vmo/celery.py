"""The Celery application: `celery -A vmo worker` and `celery -A vmo beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")

app = Celery("vmo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
