"""Identity's HTTP side: a WSGI app with the OIDC endpoints and the log-in pages."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from xianban_sdk.app import Resources
from xianban_sdk.errors import XianbanError
from xianban_sdk.telemetry import log

from xianban_identity.demo import demo_endpoints
from xianban_identity.domain.passkeys import Party
from xianban_identity.install import install
from xianban_identity.oidc.clients import Clients
from xianban_identity.oidc.http import oidc_endpoints
from xianban_identity.oidc.provider import Provider
from xianban_identity.settings import IdentitySettings
from xianban_identity.signin.federation import federation_views
from xianban_identity.signin.flow import Flows
from xianban_identity.signin.methods import method_views
from xianban_identity.signin.pages import SigninPages
from xianban_identity.signin.passkeys import Passkeys
from xianban_identity.signin.steps import Steps
from xianban_identity.signin.views import signin_views

__all__ = ["provider_of", "wsgi", "wsgi_of"]

_LARGEST_FORM = 64 * 1024


def provider_of(resources: Resources) -> Provider:
    """The issuer on a running service's resources."""
    settings = resources.settings
    identity = IdentitySettings.load(settings)
    return Provider(
        settings=settings,
        identity=identity,
        db=resources.db,
        clock=resources.clock,
        ids=resources.ids,
        clients=Clients(settings, identity.clients),
        hooks=resources.hooks,
    )


def wsgi(resources: Resources) -> Any:
    """The factory that `Service(http=…)` takes; called once the database is there."""
    provider = provider_of(resources)
    # Asked of the hooks at each use; a plugin of ours that cannot bring them stops the start.
    for hook in ("register_code_sender", "register_second_factor"):
        resources.hooks.registered(hook)
    with provider.work() as uow:
        install(uow, provider.identity)
    return wsgi_of(provider)


def wsgi_of(provider: Provider) -> Flask:
    """The app on a provider."""
    app = Flask("xianban_identity", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_FORM
    pages, flows = SigninPages(), Flows()
    steps = Steps(provider, flows, pages)
    party = Party.of(provider.issuer)
    passkeys = Passkeys(party) if party else None
    app.register_blueprint(oidc_endpoints(provider, flows, pages))
    app.register_blueprint(signin_views(steps, passkeys))
    app.register_blueprint(method_views(steps, passkeys))
    app.register_blueprint(federation_views(provider, flows, pages))
    _handle_errors(app, pages)
    if provider.settings.demo:
        app.register_blueprint(demo_endpoints(provider))
    return app


def _handle_errors(app: Flask, pages: SigninPages) -> None:
    def unexpected(error: Exception) -> Any:
        if isinstance(error, HTTPException):
            return error
        if isinstance(error, XianbanError):
            return pages.problem(_key(error), 400)
        log.exception("http_failed", path=request.path, exc_info=error)
        return pages.problem("internal", 500)

    app.register_error_handler(Exception, unexpected)


def _key(error: XianbanError) -> str:
    return error.reason.lower().replace("_", "-")
