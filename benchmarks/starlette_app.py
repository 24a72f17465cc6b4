"""A short application over the same database, without validation: ``starlette_app.py DATABASE PORT``."""

import json
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

QUERY = "SELECT id, CAST(body AS BLOB) FROM run WHERE thread = ? {} ORDER BY created_at DESC, id DESC LIMIT ?"
AFTER = "AND (created_at, id) < (SELECT created_at, id FROM run WHERE id = ?)"
database = sqlite3.connect(sys.argv[1], check_same_thread=False)


async def list_runs(request: Request) -> Response:
    """Return the newest runs of a thread, or those after a cursor."""
    if request.headers.get("authorization") != "Bearer sk-bench":
        return JSONResponse({"error": {"message": "Incorrect API key provided."}}, 401)
    limit = int(request.query_params.get("limit", "20"))
    after = [value for name, value in request.query_params.items() if name == "after"]
    values = (request.path_params["thread_id"], *after, limit + 1)
    rows = database.execute(QUERY.format(AFTER if after else ""), values).fetchall()
    page = rows[:limit]
    ends = {"first_id": page[0][0], "last_id": page[-1][0], "has_more": len(rows) > limit}
    body = b'{"object":"list","data":[' + b",".join([row[1] for row in page]) + b"]," + json.dumps(ends).encode()[1:]
    return Response(body, media_type="application/json")


uvicorn.config.LOGGING_CONFIG["handlers"]["access"]["stream"] = "ext://sys.stderr"
app = Starlette(routes=[Route("/v1/threads/{thread_id}/runs", list_runs)])
uvicorn.run(app, port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="info")
