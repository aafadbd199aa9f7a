from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "planning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import live
        from planning.rules import may_follow

        live.topics("increment", may_follow)
