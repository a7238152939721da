"""Endpoints, one module for each resource."""

from fastapi import APIRouter

from api.routes import (
    batches,
    credentials,
    health,
    issuers,
    metrics,
    receipts,
    status_changes,
    verification,
)

ROUTERS: tuple[APIRouter, ...] = (
    credentials.router,
    receipts.router,
    verification.router,
    batches.router,
    issuers.router,
    status_changes.router,
    health.router,
    metrics.router,
)
