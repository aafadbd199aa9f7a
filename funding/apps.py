from django.apps import AppConfig


class FundingConfig(AppConfig):
    name = "funding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports
        from funding import evidence as known
        from funding.ledgers import LedgerImporter
        from portfolio import evidence, proposals

        imports.register(LedgerImporter())
        evidence.register_facts(known.facts, rank=20)
        proposals.register(known.overspends)
        proposals.register_capacity(known.capacity)
