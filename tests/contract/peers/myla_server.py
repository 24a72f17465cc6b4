"""Serve myla with threads of several sizes, in an environment with myla and without this project.

python myla_server.py PORT        prints {"url", "key", "threads"} on one line, then serves until it is terminated
"""

import json
import os
import sys
import tempfile

os.environ["DATABASE_URL"] = f"sqlite:///{tempfile.mkdtemp()}/myla.db"

import uvicorn
from myla import entry, runs, threads, users
from myla.persistence import Persistence


def main() -> None:
    """Create a database with threads and runs, and serve it."""
    port = int(sys.argv[1])
    Persistence.default().initialize_database()
    user = users.create_default_superadmin()
    key = users.create_secret_key(users.SecrectKeyCreate(), user_id=user.id).id
    org_id = users.list_orgs(user_id=user.id).data[0].id
    ids = []
    for size in (0, 1, 5, 21, 45):
        thread = threads.create(threads.ThreadCreate(), user_id=user.id, org_id=org_id)
        ids.append(thread.id)
        for _ in range(size):
            runs.create(thread.id, runs.RunCreate(assistant_id="asst_check"), user_id=user.id, org_id=org_id)
    print(json.dumps({"url": f"http://127.0.0.1:{port}/api/v1", "key": key, "threads": ids}), flush=True)
    uvicorn.run(entry, host="127.0.0.1", port=port, log_level="error")


main()
