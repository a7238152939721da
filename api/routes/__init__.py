"""Endpoints, one module for each resource."""

from fastapi import APIRouter

from api.routes import (
    batches,
    credential_pages,
    credentials,
    explorer,
    health,
    issuer_documents,
    issuers,
    metrics,
    pages,
    receipts,
    status_changes,
    vc_api,
    verification,
    wallet_badges,
    wallet_oauth,
    wallet_page,
)

ROUTERS: tuple[APIRouter, ...] = (
    credentials.router,
    receipts.router,
    verification.router,
    batches.router,
    issuers.router,
    issuer_documents.router,
    status_changes.router,
    vc_api.router,
    wallet_badges.router,
    wallet_oauth.router,
    health.router,
    metrics.router,
    explorer.router,
    credential_pages.router,
    wallet_page.router,
    pages.router,
)
