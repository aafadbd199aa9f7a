from django.apps import AppConfig


class ImpedimentsConfig(AppConfig):
    name = "impediments"
    default_auto_field = "django.db.models.BigAutoField"
