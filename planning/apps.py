from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "planning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports, live, presence
        from planning import links
        from planning.imports import CardImporter
        from planning.rules import may_follow

        live.topics("increment", may_follow)
        live.topics("event", may_follow)
        presence.counted("event")
        links.register()
        imports.register(CardImporter())
