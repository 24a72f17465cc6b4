"""Serve langchain-openai-api-bridge with threads of several sizes, without this project.

python bridge_server.py PORT      prints {"url", "key", "threads"} on one line, then serves until it is terminated
"""

import json
import sys

import uvicorn
from fastapi import FastAPI
from langchain_openai_api_bridge.assistant import (
    InMemoryMessageRepository,
    InMemoryRunRepository,
    InMemoryThreadRepository,
)
from langchain_openai_api_bridge.fastapi import LangchainOpenaiApiBridgeFastAPI


def main() -> None:
    """Create the threads and runs in memory, and serve them."""
    port = int(sys.argv[1])
    threads, runs = InMemoryThreadRepository(), InMemoryRunRepository()
    messages = InMemoryMessageRepository()
    ids = []
    for size in (0, 1, 5, 21, 45):
        thread = threads.create()
        ids.append(thread.id)
        for _ in range(size):
            runs.create(assistant_id="asst_check", thread_id=thread.id, model="gpt-4", status="completed")
    app = FastAPI()
    bridge = LangchainOpenaiApiBridgeFastAPI(app=app, agent_factory_provider=lambda _: None)
    bridge.bind_openai_assistant_api(
        thread_repository_provider=lambda: threads,
        message_repository_provider=lambda: messages,
        run_repository_provider=lambda: runs,
    )
    url = f"http://127.0.0.1:{port}/openai/v1"
    print(json.dumps({"url": url, "key": "sk-any-key-at-all", "threads": ids}), flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


main()
