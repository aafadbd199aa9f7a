"""The API's addresses: /api/v1/, its schema and its documentation."""

from typing import Any, ClassVar

from csp.decorators import csp_update
from django.urls import URLPattern, URLResolver, include, path
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.routers import DefaultRouter

from accounts.api.views import MeView
from connectors import api as connectors
from core.imports import api as imports
from funding import api as funding
from impediments import api as impediments
from metrics import api as metrics
from okrs import api as okrs
from planning import api as planning
from portfolio import api as portfolio

router = DefaultRouter()
router.register("streams", portfolio.StreamViewSet, "api-stream")
router.register("teams", portfolio.TeamViewSet, "api-team")
router.register("initiatives", portfolio.InitiativeViewSet, "api-initiative")
router.register("features", portfolio.FeatureViewSet, "api-feature")
router.register("themes", portfolio.ThemeViewSet, "api-theme")
router.register("approvals", portfolio.ApprovalViewSet, "api-approval")
router.register("scoring-sessions", portfolio.ScoringViewSet, "api-scoring-session")
router.register("epics", metrics.EpicLinkViewSet, "api-epic")
router.register("services", portfolio.ServiceViewSet, "api-service")
router.register("calendars", portfolio.CalendarViewSet, "api-calendar")
router.register("memberships", portfolio.MembershipViewSet, "api-membership")
router.register("people", portfolio.PersonViewSet, "api-person")
router.register("decisions", portfolio.DecisionViewSet, "api-decision")
router.register("impediments", impediments.ImpedimentViewSet, "api-impediment")
router.register("impediment-proposals", impediments.ProposalViewSet, "api-impediment-proposal")
router.register("trains", planning.TrainViewSet, "api-train")
router.register("increments", planning.IncrementViewSet, "api-increment")
router.register("plan-dependencies", planning.DependencyViewSet, "api-plan-dependency")
router.register("plan-cards", planning.CardViewSet, "api-plan-card")
router.register("plan-rows", planning.LaneViewSet, "api-plan-row")
router.register("plan-objectives", planning.ObjectiveViewSet, "api-plan-objective")
router.register("plan-risks", planning.RiskViewSet, "api-plan-risk")
router.register("plan-people", planning.PersonViewSet, "api-plan-person")
router.register("plan-absences", planning.AbsenceViewSet, "api-plan-absence")
router.register("actions", portfolio.ActionViewSet, "api-action")
router.register("grants", portfolio.GrantViewSet, "api-grant")
router.register("forecasts", metrics.ForecastViewSet, "api-forecast")
router.register("kpis", metrics.KpiViewSet, "api-kpi")
router.register("cycles", okrs.CycleViewSet, "api-cycle")
router.register("objectives", okrs.ObjectiveViewSet, "api-objective")
router.register("key-results", okrs.KeyResultViewSet, "api-key-result")
router.register("supports", okrs.SupportViewSet, "api-support")
router.register("contributions", okrs.ContributionViewSet, "api-contribution")
router.register("polls", okrs.PollViewSet, "api-poll")
router.register("check-ins", okrs.CheckInViewSet, "api-check-in")
router.register("budgeting-events", funding.EventViewSet, "api-event")
router.register("scenarios", funding.ScenarioViewSet, "api-scenario")
router.register("baselines", metrics.BaselineViewSet, "api-baseline")
router.register("expectations", metrics.ExpectationViewSet, "api-expectation")
router.register("sources", connectors.SourceViewSet, "api-source")
router.register(r"sources/(?P<slug>[\w-]+)/runs", connectors.RunViewSet, "api-run")


class OnceGenerator(SchemaGenerator):
    """The schema is the same for everybody and as long as the process lives, and takes seconds to make."""

    _made: ClassVar[dict[tuple[bool, str], Any]] = {}

    def get_schema(self, request: Request | None = None, public: bool = False) -> Any:
        """As its parent, once; a schema for one reader is made each time."""
        if not public:
            return super().get_schema(request, public)  # type: ignore[no-untyped-call]
        key = (public, str(self.api_version))
        if key not in self._made:
            self._made[key] = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        return self._made[key]


# Swagger UI sets styles on its elements and draws icons from data: addresses.
@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """The documentation; its script comes from an address of its own, so no script is inline."""

    url_name = "api-schema"
    url_self = None


_imports = [
    path("", imports.ImportsView.as_view(), name="api-imports"),
    path("<int:run_id>/", imports.ImportView.as_view(), name="api-import"),
    path("<int:run_id>/apply/", imports.ApplyView.as_view(), name="api-import-apply"),
    path("<int:run_id>/roll-back/", imports.RollBackView.as_view(), name="api-import-roll-back"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("imports/<slug:kind>/", include(_imports)),
    path("wsjf/", portfolio.WsjfView.as_view(), name="api-wsjf"),
    path("me/", MeView.as_view(), name="api-me"),
    path("metrics/", metrics.MetricList.as_view(), name="api-metrics"),
    path("metrics/<slug:key>/", metrics.MetricDetail.as_view(), name="api-metric"),
    path("report/", metrics.ReportView.as_view(), name="api-report"),
    path("forecast/", metrics.ForecastView.as_view(), name="api-forecast"),
    path("calibration/", metrics.CalibrationView.as_view(), name="api-calibration"),
    path("behaviour/<slug:measure>/", metrics.BehaviourView.as_view(), name="api-behaviour"),
    path("ingest/measurements/", metrics.IngestMeasurements.as_view(), name="api-ingest-measurements"),
    path("items/", metrics.ItemList.as_view(), name="api-items"),
    path("pull-requests/", metrics.PullRequestList.as_view(), name="api-pull-requests"),
    path("deployments/", metrics.DeploymentList.as_view(), name="api-deployments"),
    path("budgets/", funding.BudgetList.as_view(), name="api-budgets"),
    path("budgets/amendments/", funding.AmendmentList.as_view(), name="api-amendments"),
    path("spend/", funding.SpendView.as_view(), name="api-spend"),
    path("ledger/", funding.LedgerList.as_view(), name="api-ledger"),
    path("guardrails/", funding.GuardrailsView.as_view(), name="api-guardrails"),
    path("guardrails/shares/", funding.HorizonSharesView.as_view(), name="api-horizon-shares"),
    path("key-results/<int:pk>/chance/", okrs.ChanceView.as_view(), name="api-key-result-chance"),
    path("orphan-spend/", okrs.FlagsView.as_view(), name="api-orphan-spend"),
    path("streams/<slug:slug>/allocation/", portfolio.AllocationView.as_view(), name="api-allocation"),
    path("stage-limits/", portfolio.LimitView.as_view(), name="api-stage-limits"),
    path("approval-thresholds/", portfolio.ThresholdView.as_view(), name="api-thresholds"),
    path("initiatives/<slug:slug>/reviews/", portfolio.ReviewView.as_view(), name="api-reviews"),
    path("increments/<slug:slug>/timer/", planning.TimerView.as_view(), name="api-plan-timer"),
    path("increments/<slug:slug>/agenda/", planning.AgendaView.as_view(), name="api-plan-agenda"),
    path("increments/<slug:slug>/votes/", planning.PollsView.as_view(), name="api-plan-votes"),
    path(
        "increments/<slug:slug>/votes/<int:poll_id>/close/",
        planning.ClosePollView.as_view(),
        name="api-plan-vote-close",
    ),
    path("increments/<slug:slug>/walls/", planning.WallsView.as_view(), name="api-plan-walls"),
    path(
        "increments/<slug:slug>/walls/<int:link_id>/revoke/",
        planning.RevokeWallView.as_view(),
        name="api-plan-wall-revoke",
    ),
    path("increments/<slug:slug>/board/", planning.BoardView.as_view(), name="api-plan-board"),
    path("increments/<slug:slug>/log/", planning.LogView.as_view(), name="api-plan-log"),
    path("increments/<slug:slug>/log/<int:number>/undo/", planning.UndoView.as_view(), name="api-plan-undo"),
    path("increments/<slug:slug>/chances/", planning.ChancesView.as_view(), name="api-plan-chances"),
    path("increments/<slug:slug>/repair/", planning.RepairView.as_view(), name="api-plan-repair"),
    path("increments/<slug:slug>/capacity/", planning.CapacityView.as_view(), name="api-plan-capacity"),
    path("impediment-costs/", impediments.CostsView.as_view(), name="api-impediment-costs"),
    path("impediment-analysis/", impediments.AnalysisView.as_view(), name="api-impediment-analysis"),
    path("impediment-limits/", impediments.LimitsView.as_view(), name="api-impediment-limits"),
    path("impediments/<int:pk>/costs/", impediments.CostView.as_view(), name="api-impediment-cost"),
    path("impediments/<int:pk>/comments/", impediments.CommentsView.as_view(), name="api-impediment-comments"),
    path(
        "impediments/<int:pk>/comments/<int:comment_id>/",
        impediments.CommentView.as_view(),
        name="api-impediment-comment",
    ),
    path("schema/", SpectacularAPIView.as_view(generator_class=OnceGenerator), name="api-schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
    *router.urls,
]
