"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ivr_fsm.telemetry.health import Health
from ivr_fsm.web.access import Access
from ivr_fsm.web.people import Right


class Probes:
    """Answers those who watch the service with machines."""

    def __init__(self, health: Health, registry: CollectorRegistry, access: Access) -> None:
        """Serve nothing yet.

        Args:
            health: the parts that `ready` looks at.
            registry: what is measured.
            access: who may read that.
        """
        self._health = health
        self._registry = registry
        self._access = access

    @property
    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What the web server serves of this."""
        return (
            web.get("/healthz", self._alive),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._metrics),
        )

    async def _alive(self, _request: web.Request) -> web.Response:
        # That there is an answer is the answer: the loop turns.
        return web.json_response({"alive": True})

    async def _ready(self, _request: web.Request) -> web.Response:
        parts = self._health.report()
        ready = all(part["ok"] for part in parts.values())
        return web.json_response({"ready": ready, "parts": parts}, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        self._access.require(request, Right.SEE)
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": kind})
