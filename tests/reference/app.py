"""The backend's kind of server, for tests: FastAPI and pydantic themselves.

The models are the contract (docs/api.md), so error bodies, redirects and
header handling are the framework's own and not our idea of them.

Run: /usr/bin/python3 tests/reference/app.py
It chooses a free port, prints "listening on http://127.0.0.1:PORT" and runs
until SIGTERM. $REFERENCE_TOKEN, when set, is the bearer token it asks for.

Some addresses get special answers:
    boom...      an exception nobody handles: 500, text/plain
    conflict...  HTTPException(409) with a sentence
    object...    HTTPException(400) whose detail is an object
"""

import os
import socket
import sys
from datetime import datetime, timedelta, timezone
from typing import Optional
from uuid import uuid4

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Extra, Field

INVITE_PATH = "/v1/organizations/{organization_id}/members/invite"
VALID_FOR = timedelta(days=7)


class InviteOrganizationMemberRequest(BaseModel):
    email: str = Field(..., min_length=1)
    role: str = Field(..., min_length=1)

    class Config:
        extra = Extra.forbid


class HostedOrganizationInvitation(BaseModel):
    invitation_id: str
    email: str
    role: str
    state: str = "pending"
    created_at: Optional[str] = None
    expires_at: Optional[str] = None


def refuse_for_test(email: str) -> None:
    if email.startswith("boom"):
        raise RuntimeError("boom, as the test asked")
    if email.startswith("conflict"):
        raise HTTPException(409, detail="Member already invited")
    if email.startswith("object"):
        raise HTTPException(
            400,
            detail={
                "code": "seat_limit",
                "message": "The organization has no seats left",
            },
        )


def now_and_later() -> tuple:
    now = datetime.now(timezone.utc)
    return now.isoformat(), (now + VALID_FOR).isoformat()


def make_app(token: Optional[str]) -> FastAPI:
    app = FastAPI(title="Almanac V1 API")
    bearer = HTTPBearer(auto_error=token is not None)
    app.state.posts = 0
    app.state.invites = {}

    def check_token(
        credentials: Optional[HTTPAuthorizationCredentials] = Depends(bearer),
    ) -> None:
        if token is not None and credentials.credentials != token:
            raise HTTPException(
                401,
                detail="Invalid token",
                headers={"WWW-Authenticate": "Bearer"},
            )

    # Counted before the framework judges the body, so that refused requests
    # are counted too.
    @app.middleware("http")
    async def count_posts(request: Request, call_next):
        if request.method == "POST":
            app.state.posts += 1
        return await call_next(request)

    @app.post(
        INVITE_PATH,
        response_model=HostedOrganizationInvitation,
        dependencies=[Depends(check_token)],
    )
    async def invite_organization_member(
        organization_id: str,
        body: InviteOrganizationMemberRequest,
        idempotency_key: Optional[str] = Header(None),
    ):
        refuse_for_test(body.email)
        person = (organization_id, body.email.lower())
        if person in app.state.invites:
            raise HTTPException(409, detail="Member already invited")
        created_at, expires_at = now_and_later()
        invitation = HostedOrganizationInvitation(
            invitation_id=str(uuid4()),
            email=body.email,
            role=body.role,
            created_at=created_at,
            expires_at=expires_at,
        )
        app.state.invites[person] = {
            "organization": organization_id,
            "idempotency_key": idempotency_key,
            **invitation.dict(),
        }
        return invitation

    @app.get("/_reference/invites")
    async def invites():
        return {
            "posts": app.state.posts,
            "invites": list(app.state.invites.values()),
        }

    return app


def main() -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    port = listener.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(os.environ.get("REFERENCE_TOKEN")),
            log_level="critical",
            timeout_keep_alive=5,
        )
    )
    # The socket listens already: who connects now waits for uvicorn.
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
