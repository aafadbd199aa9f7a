from django.apps import AppConfig


class FundingConfig(AppConfig):
    name = "funding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports
        from funding.ledgers import LedgerImporter

        imports.register(LedgerImporter())
