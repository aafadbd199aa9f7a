from django.apps import AppConfig


class FundingConfig(AppConfig):
    name = "funding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports, live
        from core.templatetags.ui import offer_tab
        from funding import evidence as known
        from funding.ledgers import LedgerImporter
        from funding.panels import initiative_marks, initiative_panel, stream_panel
        from funding.queries.events import may_follow
        from portfolio import evidence, panels, proposals
        from portfolio.rules import access, can, can_somewhere

        imports.register(LedgerImporter())
        offer_tab("funding", lambda user: can_somewhere(user, "see_money"))
        offer_tab("scenarios", lambda user: can(user, "see_money"))
        offer_tab("guardrails", lambda user: access(user).sees_streams)
        live.topics("budgeting", may_follow)
        panels.register("stream", rank=20, panel=stream_panel)
        panels.register("initiative", rank=40, marks=initiative_marks, panel=initiative_panel)
        evidence.register_facts(known.facts, rank=20)
        proposals.register(known.overspends)
        proposals.register_capacity(known.capacity)
