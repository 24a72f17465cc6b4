"""Synthetic runs: valid, of every status and variant, and the same for the same seed.

The runs are generated from the schema in the document, so that new enum values, variants and fields occur without a
change here. Rules that the schema cannot express, such as the fields of each status and the order of timestamps, are
applied afterwards. Each run is validated before it is returned.
"""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from threadruns._document import schema, violation

START = 1_699_000_000
"""The default ``created_at`` of the first run of a thread: November 2023."""

STEP = 600
"""The longest time between two runs, in seconds."""

WORDS = (
    *("response", "archive", "balance", "city", "count", "customer", "date", "draft", "élan", "invoice", "large"),
    *("letter", "lookup", "market", "measure", "note", "order", "please", "price", "question", "report", "summary"),
    *("table", "temperature", "time", "total", "東京", "translate", "über", "weather", "week"),
)


class SynthesisError(Exception):
    """No valid sample was found for a schema of the document; the message has the schema or the run."""


def synthesize(threads: int, runs: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Generate runs in threads of very different sizes, thread by thread and oldest first.

    Args:
        threads: The number of threads; each has at least one run.
        runs: The number of runs in all, at least that of threads.
        seed: The same seed gives the same runs.

    Raises:
        ValueError: There are fewer runs than threads, or no threads.
    """
    if not 1 <= threads <= runs:
        raise ValueError(f"{runs} runs are too few for {threads} threads; ask for at least one run per thread.")
    rng = random.Random(f"{seed}:sizes")
    cuts = sorted(rng.sample(range(1, runs), threads - 1)) if threads > 1 else []
    for start, end in zip([0, *cuts], [*cuts, runs], strict=True):
        yield from thread(f"thread_{_token(rng)}", end - start, seed=seed)


def thread(
    thread_id: str, runs: int, *, seed: int = 0, start: int = START, one_second: bool = False
) -> list[dict[str, Any]]:
    """Generate the runs of one thread, oldest first; any eight in a row have every status.

    Args:
        thread_id: The id of the thread.
        runs: The number of runs.
        seed: The same seed and id give the same runs.
        start: ``created_at`` of the first run, in Unix seconds.
        one_second: Use ``start`` for all runs, so that only the ids order them.

    Raises:
        SynthesisError: No valid sample was found for a schema of the document.
    """
    rng = random.Random(f"{seed}:{thread_id}")
    sampler = _Sampler(rng)
    statuses: Sequence[str] = schema("RunStatus")["enum"]
    full = rng.random() < 0.8
    assistant, created = f"asst_{_token(rng)}", start
    generated: list[dict[str, Any]] = []
    for number in range(runs):
        if number % len(statuses) == 0:
            statuses = rng.sample(statuses, len(statuses))
        run = sampler.run(statuses[number % len(statuses)], created, full=full)
        run |= {"thread_id": thread_id, "assistant_id": assistant}
        if (problem := violation("Run", run)) is not None:
            raise SynthesisError(f"A synthetic run is invalid: {problem}.")
        generated.append(run)
        created += 0 if one_second else rng.choice((0, 1, rng.randrange(2, STEP)))
    return generated


def json_lines(runs: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Return the runs as JSON lines."""
    return (json.dumps(run, ensure_ascii=False, separators=(",", ":")) + "\n" for run in runs)


def _token(rng: random.Random, length: int = 24) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length))


class _Sampler:
    """A generator of values for schemas."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def run(self, status: str, created: int, *, full: bool) -> dict[str, Any]:
        """Generate a run of this status; without ``full`` it has only the keys of the first recorded runs."""
        spec = schema("Run")
        keys = [key for key in spec["properties"] if full or key in (*spec["required"], "file_ids")]
        run = {key: self.value(spec["properties"][key]) for key in keys}
        run |= {
            "status": status,
            "created_at": created,
            "file_ids": [f"file-{_token(self._rng)}" for _ in run["tools"]],
        }
        self._set_times(run)
        self._set_tools(run)
        return run

    def _set_times(self, run: dict[str, Any]) -> None:
        """Set the timestamps and the other fields that depend on the status."""
        status, created = run["status"], run["created_at"]
        started = created + self._rng.randrange(5)
        ended = started + self._rng.randrange(1, 90)
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

    def _set_tools(self, run: dict[str, Any]) -> None:
        """Make choices and calls name functions of the run."""
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
            strategy["last_messages"] = self._rng.randint(1, 50) if strategy["type"] == "last_messages" else None
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
                "id": f"call_{_token(self._rng)}",
                "function": {"name": self._rng.choice(functions), "arguments": arguments},
            }
        action["submit_tool_outputs"]["tool_calls"] = calls
        return action

    def value(self, spec: dict[str, Any]) -> Any:
        """Generate a value that is valid for the schema."""
        if "$ref" in spec:
            return self.value(schema(spec["$ref"].rpartition("/")[2]))
        if "const" in spec:
            return spec["const"]
        if "enum" in spec:
            return self._rng.choice(spec["enum"])
        if "oneOf" in spec:
            return self.value(self._rng.choice(spec["oneOf"]))
        kinds: Any = spec.get("type")
        kind = kinds if isinstance(kinds, str) else self._rng.choice(kinds or ["anything"])
        make = getattr(self, f"_{kind}", None)
        if make is None:
            raise SynthesisError(f"No sample can be generated for the schema {spec!r}.")
        return make(spec)

    def _null(self, _: dict[str, Any]) -> None:
        return None

    def _boolean(self, _: dict[str, Any]) -> bool:
        return self._rng.random() < 0.5

    def _integer(self, spec: dict[str, Any]) -> int:
        lowest = spec.get("minimum", 0)
        return self._rng.randint(lowest, min(spec.get("maximum", lowest + 5000), lowest + 5000))

    def _number(self, spec: dict[str, Any]) -> float | int:
        lowest, highest = spec.get("minimum", 0), spec.get("maximum", 1)
        # Recorded servers wrote 1 and 1.0 for the same number, so both are generated.
        return self._rng.choice((highest, float(highest), round(self._rng.uniform(lowest, highest), 2)))

    def _string(self, spec: dict[str, Any]) -> str:
        prefix = re.match(r"\^(\w+_)\[", spec.get("pattern", ""))
        if prefix:
            return f"{prefix[1]}{_token(self._rng)}"
        if "examples" in spec:
            return str(self._rng.choice(spec["examples"]))
        text = " ".join(self._word() for _ in range(self._rng.randint(1, 12)))
        return text[: spec.get("maxLength", len(text))]

    def _array(self, spec: dict[str, Any]) -> list[Any]:
        return [self.value(spec["items"]) for _ in range(self._rng.randint(spec.get("minItems", 0), 3))]

    def _object(self, spec: dict[str, Any]) -> dict[str, Any]:
        properties, required = spec.get("properties", {}), spec.get("required", ())
        generated = {
            key: self.value(properties[key]) for key in properties if key in required or self._rng.random() < 0.7
        }
        values: Any = spec.get("additionalProperties")
        if values not in (None, True, False):
            most = self._rng.choice((0, 0, 2, spec.get("maxProperties", 5)))
            generated |= {f"{self._word()}_{number}": self.value(values) for number in range(most)}
        elif not properties:
            name = self._word()
            generated = {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
        return generated

    def _word(self) -> str:
        return self._rng.choice(WORDS)
