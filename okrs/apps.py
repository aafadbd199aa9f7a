from django.apps import AppConfig


class OkrsConfig(AppConfig):
    name = "okrs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from okrs import evidence as known
        from portfolio import evidence

        evidence.register_facts(known.facts, rank=30)
        evidence.register_sign("confidence", known.confidence_signs)
        evidence.register_sign("value", known.value_signs)
