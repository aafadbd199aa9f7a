from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say who may follow a sync while it goes."""
        from connectors import rules
        from core import live

        live.topics("sync", rules.may_follow)
