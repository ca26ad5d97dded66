"""What is counted and measured while calls happen. Every label has few values, all known beforehand.

Each `Metrics` has a registry of its own: two services in one process do not add up.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, Metric, ProcessCollector

from ivr_fsm.flow.diagram import chart

STATES = tuple(state for state, inside in chart().inside.items() if not inside)
"""The innermost states of a call."""

TARGETS = ("shop", "office", "call_centre", "transfer", "customer")
"""Who can answer: a customer does when called back."""

OUTCOMES = ("answered", "abandoned", "stopped", "partner", "unanswered", "failed")

SCENARIOS = ("order", "other", "partner")

REFUSALS = ("full", "stopping")

VERDICTS = (
    "ok",
    "missing",
    "no WAV",
    "cannot be read",
    "empty",
    "not closed",
    "not stereo",
    "too short",
    "too long",
)
"""What can be said of a recording, without the details."""

QUESTIONS = ("identify", "who_answers", "call_ended")

RESULTS = ("ok", "failed", "refused")

SENDING = ("post", "edit", "find")

SENT = ("ok", "limited", "failed", "refused")

OTHER = "other"
"""In place of a value that is not known beforehand."""

_ANSWERED = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
_MILLISECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_ASKED = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.8, 2.5, 5, 10)


class Registry(CollectorRegistry):
    """A registry that leaves out when each counter was made: nobody asks."""

    def collect(self) -> Iterable[Metric]:
        """Return what is measured now."""
        for metric in super().collect():
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric


class Metrics:
    """The counters and histograms of one service; whoever notices something adds to them."""

    def __init__(self, version: str, flow: str, plan: str) -> None:
        """Count from nothing.

        Args:
            version: that of the package.
            flow: revision of the flow.
            plan: revision of the plan that new calls follow.
        """
        self.registry = Registry()
        self._count_calls()
        self._measure_times()
        self._count_watchers()
        about = "What runs: version, revision of the flow and of the plan"
        build = Info("ivr_build", about, registry=self.registry)
        build.info({"version": version, "flow": flow, "plan": plan})
        ProcessCollector(registry=self.registry)

    def _count_calls(self) -> None:
        self.calls = self._counter(
            "ivr_calls",
            "Calls that ended, by outcome: who answered, or where the caller gave up",
            ("outcome", "target", "state"),
            [
                *(("answered", target, "") for target in TARGETS),
                *((how, "", state) for how in ("abandoned", "stopped") for state in STATES),
                *((how, "", "") for how in ("partner", "unanswered", "failed", OTHER)),
            ],
        )
        self.call_backs = self._counter(
            "ivr_call_backs",
            "Calls back that ended, by outcome; they are not among ivr_calls_total",
            ("outcome",),
            [(outcome,) for outcome in (*OUTCOMES, OTHER)],
        )
        self.callers = self._counter(
            "ivr_callers",
            "Callers, by what they were taken for",
            ("scenario",),
            [(scenario,) for scenario in SCENARIOS],
        )
        self.refused = self._counter(
            "ivr_refused_calls",
            "Calls that were left to the dialplan's next line",
            ("reason",),
            [(reason,) for reason in REFUSALS],
        )
        self.legs_left = self._counter(
            "ivr_legs_left", "Legs whose end the switch did not confirm within their limit"
        )
        self.faults = self._counter("ivr_step_faults", "Events with which the flow could do nothing: a bug")
        self.recordings = self._counter(
            "ivr_recordings",
            "Recordings that were looked at, by verdict",
            ("verdict",),
            [(verdict,) for verdict in (*VERDICTS, OTHER)],
        )

    def _measure_times(self) -> None:
        self.answer_time = self._histogram(
            "ivr_answer_seconds",
            "From a call's start until the caller first talks to somebody, by target",
            _ANSWERED,
            ("target",),
            TARGETS,
        )
        self.digit_command = self._histogram(
            "ivr_digit_command_seconds",
            "From a caller's digit reaching its call until the commands that follow were sent",
            _MILLISECONDS,
        )
        self.journal_delay = self._histogram(
            "ivr_journal_delay_seconds",
            "For how long commands waited for the journal",
            _MILLISECONDS,
        )
        self.loop_lag = self._histogram(
            "ivr_loop_lag_seconds", "How much later than asked for the event loop woke up", _MILLISECONDS
        )

    def _count_watchers(self) -> None:
        self.slack = self._counter(
            "ivr_slack_requests",
            "What was asked of the channel, and what came of it",
            ("method", "result"),
            product(SENDING, SENT),
        )
        self.marketplace = self._counter(
            "ivr_marketplace_requests",
            "What was asked of the marketplace, or told to it, and what came of it",
            ("question", "result"),
            product(QUESTIONS, RESULTS),
        )
        self.marketplace_time = self._histogram(
            "ivr_marketplace_seconds",
            "How long the marketplace took, by question",
            _ASKED,
            ("question",),
            QUESTIONS,
        )

    def _counter(
        self, name: str, about: str, labels: tuple[str, ...] = (), known: Iterable[tuple[str, ...]] = ()
    ) -> Counter:
        made = Counter(name, about, labels, registry=self.registry)
        # From the start: what rises from nothing to one has no rate for Prometheus.
        for values in known:
            made.labels(*values)
        return made

    def _histogram(
        self,
        name: str,
        about: str,
        buckets: tuple[float, ...],
        labels: tuple[str, ...] = (),
        known: Iterable[str] = (),
    ) -> Histogram:
        made = Histogram(name, about, labels, buckets=buckets, registry=self.registry)
        for value in known:
            made.labels(value)
        return made


def one_of(value: str, known: Iterable[str]) -> str:
    """Return *value* if it is among the *known* ones, which keeps labels few."""
    return value if value in known else OTHER
