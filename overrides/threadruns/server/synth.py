"""Synthetic runs: valid, of every status and variant, and the same for the same seed.

A sampler walks over the schema of a run as the document states it, so that an enum value, a variant or a field that the
document gains turns up here by itself. What the schema cannot say (which fields go with which status, in which order
things happen, whose names must agree) is settled afterwards, and each run is checked before it is handed out.
"""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from threadruns._document import schema
from threadruns.server._load import departure

START = 1_699_000_000
"""When the first run of a thread is created unless a start is given: November 2023, in Unix seconds."""

STEP = 600
"""How many seconds lie between two runs at most."""

WORDS = (
    *("response", "archive", "balance", "city", "count", "customer", "date", "draft", "élan", "invoice", "large"),
    *("letter", "lookup", "market", "measure", "note", "order", "please", "price", "question", "report", "summary"),
    *("table", "temperature", "time", "total", "東京", "translate", "über", "weather", "week"),
)


class SynthesisError(Exception):
    """The document asks for something that no sample can be made of; the message says what."""


def synthesize(threads: int, runs: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Make runs, spread over threads of very different sizes, thread by thread and oldest first.

    Args:
        threads: How many threads; each has at least one run.
        runs: How many runs in all, at least as many as threads.
        seed: The same seed makes the same runs.

    Raises:
        ValueError: There are fewer runs than threads, or no threads.
    """
    if not 1 <= threads <= runs:
        raise ValueError(f"{runs} runs cannot fill {threads} threads; ask for at least one run a thread.")
    chance = random.Random(f"{seed}:sizes")
    cuts = sorted(chance.sample(range(1, runs), threads - 1)) if threads > 1 else []
    for start, end in zip([0, *cuts], [*cuts, runs], strict=True):
        yield from thread(f"thread_{_token(chance)}", end - start, seed=seed)


def thread(
    thread_id: str, runs: int, *, seed: int = 0, start: int = START, one_second: bool = False
) -> list[dict[str, Any]]:
    """Make the runs of one thread, oldest first; every status turns up in any eight of them.

    Args:
        thread_id: The id of the thread.
        runs: How many runs.
        seed: The same seed and id make the same runs.
        start: When the first run is created, in Unix seconds.
        one_second: Create all of them in that second, so that only a tie-break orders them.

    Raises:
        SynthesisError: The document has a schema that no valid sample was found for.
    """
    chance = random.Random(f"{seed}:{thread_id}")
    sampler = _Sampler(chance)
    statuses: Sequence[str] = schema("RunStatus")["enum"]
    full = chance.random() < 0.8
    assistant, moment = f"asst_{_token(chance)}", start
    made: list[dict[str, Any]] = []
    for number in range(runs):
        if number % len(statuses) == 0:
            statuses = chance.sample(statuses, len(statuses))
        run = sampler.run(statuses[number % len(statuses)], moment, full=full)
        run |= {"thread_id": thread_id, "assistant_id": assistant}
        if (problem := departure(run)) is not None:
            raise SynthesisError(f"A synthetic run does not keep to the document: {problem}.")
        made.append(run)
        moment += 0 if one_second else chance.choice((0, 1, chance.randrange(2, STEP)))
    return made


def write(runs: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Return the runs as JSON lines."""
    return (json.dumps(run, ensure_ascii=False, separators=(",", ":")) + "\n" for run in runs)


def _token(chance: random.Random, length: int = 24) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=length))


class _Sampler:
    """Makes a value for a schema."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def run(self, status: str, created: int, *, full: bool) -> dict[str, Any]:
        """Make a run of this status; without ``full`` only with the keys that the first runs had."""
        spec = schema("Run")
        keys = [key for key in spec["properties"] if full or key in (*spec["required"], "file_ids")]
        run = {key: self.value(spec["properties"][key]) for key in keys}
        run |= {
            "status": status,
            "created_at": created,
            "file_ids": [f"file-{_token(self._chance)}" for _ in run["tools"]],
        }
        self._settle_times(run)
        self._settle_tools(run)
        return run

    def _settle_times(self, run: dict[str, Any]) -> None:
        """Let the status decide what has happened, and when."""
        status, created = run["status"], run["created_at"]
        started = created + self._chance.randrange(5)
        ended = started + self._chance.randrange(1, 90)
        over = {
            "cancelled": "cancelled_at",
            "failed": "failed_at",
            "completed": "completed_at",
            "expired": "completed_at",
        }
        run |= dict.fromkeys(("cancelled_at", "failed_at", "completed_at"))
        run["started_at"] = None if status == "queued" else started
        run["expires_at"] = None if status in over else created + 600
        if status in over:
            run[over[status]] = created + 600 if status == "expired" else ended
        run["last_error"] = self.value({"$ref": "#/components/schemas/LastError"}) if status == "failed" else None
        if "incomplete_details" in run and status != "expired":
            run["incomplete_details"] = None
        if "usage" in run:
            run["usage"] = self._usage() if status in over else None

    def _usage(self) -> dict[str, Any]:
        usage: dict[str, Any] = self.value({"$ref": "#/components/schemas/Usage"})
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
        return usage

    def _settle_tools(self, run: dict[str, Any]) -> None:
        """Let choices and calls name functions that the run has."""
        waits = run["status"] == "requires_action"
        chosen: Any = run.get("tool_choice")
        choice = cast(dict[str, Any], chosen) if isinstance(chosen, dict) else {}
        functions = [tool["function"]["name"] for tool in run["tools"] if tool["type"] == "function"]
        if not functions and (waits or choice.get("type") == "function"):
            tool = self.value({"$ref": "#/components/schemas/FunctionTool"})
            run["tools"].append(tool)
            functions.append(tool["function"]["name"])
        if choice:
            choice.pop("function", None)
            if choice["type"] == "function":
                choice["function"] = {"name": functions[0]}
            elif choice["type"] not in {tool["type"] for tool in run["tools"]}:
                run["tools"].append({"type": choice["type"]})
        strategy = run.get("truncation_strategy")
        if strategy is not None:
            strategy["last_messages"] = self._chance.randint(1, 50) if strategy["type"] == "last_messages" else None
        if waits:
            run["required_action"] = self._action(functions)
        elif "required_action" in run:
            run["required_action"] = None

    def _action(self, functions: Sequence[str]) -> dict[str, Any]:
        action: dict[str, Any] = self.value({"$ref": "#/components/schemas/RequiredAction"})
        calls = action["submit_tool_outputs"]["tool_calls"] or [self.value({"$ref": "#/components/schemas/ToolCall"})]
        for call in calls:
            arguments = json.dumps({self._word(): self._word()}, ensure_ascii=False)
            call |= {
                "id": f"call_{_token(self._chance)}",
                "function": {"name": self._chance.choice(functions), "arguments": arguments},
            }
        action["submit_tool_outputs"]["tool_calls"] = calls
        return action

    def value(self, spec: dict[str, Any]) -> Any:
        """Make a value that the schema accepts."""
        if "$ref" in spec:
            return self.value(schema(spec["$ref"].rpartition("/")[2]))
        if "const" in spec:
            return spec["const"]
        if "enum" in spec:
            return self._chance.choice(spec["enum"])
        if "oneOf" in spec:
            return self.value(self._chance.choice(spec["oneOf"]))
        kinds: Any = spec.get("type")
        kind = kinds if isinstance(kinds, str) else self._chance.choice(kinds or ["anything"])
        make = getattr(self, f"_{kind}", None)
        if make is None:
            raise SynthesisError(f"No sample can be made of the schema {spec!r}.")
        return make(spec)

    def _null(self, _: dict[str, Any]) -> None:
        return None

    def _boolean(self, _: dict[str, Any]) -> bool:
        return self._chance.random() < 0.5

    def _integer(self, spec: dict[str, Any]) -> int:
        lowest = spec.get("minimum", 0)
        return self._chance.randint(lowest, min(spec.get("maximum", lowest + 5000), lowest + 5000))

    def _number(self, spec: dict[str, Any]) -> float | int:
        lowest, highest = spec.get("minimum", 0), spec.get("maximum", 1)
        # Recorded servers wrote 1 and 1.0 for the same number, so both are made.
        return self._chance.choice((highest, float(highest), round(self._chance.uniform(lowest, highest), 2)))

    def _string(self, spec: dict[str, Any]) -> str:
        prefix = re.match(r"\^(\w+_)\[", spec.get("pattern", ""))
        if prefix:
            return f"{prefix[1]}{_token(self._chance)}"
        if "examples" in spec:
            return str(self._chance.choice(spec["examples"]))
        text = " ".join(self._word() for _ in range(self._chance.randint(1, 12)))
        return text[: spec.get("maxLength", len(text))]

    def _array(self, spec: dict[str, Any]) -> list[Any]:
        return [self.value(spec["items"]) for _ in range(self._chance.randint(spec.get("minItems", 0), 3))]

    def _object(self, spec: dict[str, Any]) -> dict[str, Any]:
        properties, required = spec.get("properties", {}), spec.get("required", ())
        made = {
            key: self.value(properties[key]) for key in properties if key in required or self._chance.random() < 0.7
        }
        values: Any = spec.get("additionalProperties")
        if values not in (None, True, False):
            most = self._chance.choice((0, 0, 2, spec.get("maxProperties", 5)))
            made |= {f"{self._word()}_{number}": self.value(values) for number in range(most)}
        elif not properties:
            name = self._word()
            made = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
        return made

    def _word(self) -> str:
        return self._chance.choice(WORDS)
