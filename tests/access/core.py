"""What every app uses: one's own account, search, notices, imports, the API's own routes."""

from typing import Any

from tests.access.people import ALL, KNOWN, NOBODY, OF_FALCON, PLAN, Row, post

IMPORT: dict[str, Any] = {"kind": "initiatives"}
ROUTES: dict[str, list[Row]] = {
    # one's own account
    "login": [Row(ALL)],
    "logout": [post(KNOWN)],
    "password_reset": [Row(ALL)],
    "password_reset_sent": [Row(ALL)],
    "password_reset_confirm": [Row(ALL, {"uidb64": "MQ", "token": "never"})],
    "profile": [Row(KNOWN)],
    "theme": [post(KNOWN, {"theme": "dark"})],
    "password": [Row(KNOWN)],
    "tokens": [Row(KNOWN)],
    "revoke_token": [post(NOBODY, token_id=1)],
    "search": [Row(KNOWN)],
    "notices": [Row(KNOWN)],
    "notices-read": [post(KNOWN)],
    "notice": [Row(NOBODY, {"notice_id": 1})],
    # for machines
    "healthz": [Row(ALL)],
    "live-poll": [Row(OF_FALCON, query="topic=sync:{run.pk}"), Row(KNOWN, query="topic=board:portfolio")],
    # without a login, with a key that nobody has
    "live-poll-key": [Row(NOBODY, query="topic=increment:1&key=wall:guessed")],
    # imports: the runs of others are not found, so nobody finds a run that nobody made
    "imports": [Row(PLAN, IMPORT), Row(NOBODY, {"kind": "nothing"})],
    "import-template": [Row(PLAN, IMPORT, query="format=xlsx")],
    "import-run": [Row(NOBODY, {**IMPORT, "run_id": 1})],
    "import-apply": [post(NOBODY, **IMPORT, run_id=1)],
    "import-roll-back": [post(NOBODY, **IMPORT, run_id=1)],
    "api-imports": [Row(PLAN, IMPORT), Row(PLAN, IMPORT, "post", data={}, served=400)],
    "api-import": [Row(NOBODY, {**IMPORT, "run_id": 1})],
    "api-import-apply": [post(NOBODY, **IMPORT, run_id=1)],
    "api-import-roll-back": [post(NOBODY, **IMPORT, run_id=1)],
    "api-root": [Row(KNOWN)],
    "api-me": [Row(KNOWN)],
    "api-schema": [Row(KNOWN)],
    "api-docs": [Row(KNOWN)],
}
