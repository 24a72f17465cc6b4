"""Synthetic runs: valid, of every status and variant, and the same for the same seed.

The runs are generated from the schema in the document, so that new enum values, variants and fields occur without a
change here. What the schema cannot express, such as the fields of each status and the order of timestamps, is set
afterwards as in recorded runs. Each run is validated against the schema and the rules over one run before it is
returned.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from threadruns._document import schema, violation
from threadruns._run_rules import FINAL_STATUSES, RUN_RULES
from threadruns.server._lifecycle import LIFETIME

START = 1_699_000_000
"""The default ``created_at`` of the first run of a thread: November 2023."""

STEP = 600
"""The maximum time between two runs, in seconds."""

WORDS = (
    *("response", "archive", "balance", "city", "count", "customer", "date", "draft", "élan", "invoice", "large"),
    *("letter", "lookup", "market", "measure", "note", "order", "please", "price", "question", "report", "summary"),
    *("table", "temperature", "time", "total", "東京", "translate", "über", "weather", "week"),
)
PLAIN_WORDS = [word for word in WORDS if word.isascii()]
"""The words in names of functions, for which the API permits letters, digits, underscores and dashes."""


class SynthesisError(Exception):
    """No valid sample was found for a schema of the document; the message names the schema or the problem."""


def synthesize(
    threads: int, runs: int, seed: int = 0, *, statuses: Mapping[str, float] | None = None
) -> Iterator[dict[str, Any]]:
    """Generate runs in threads of very different sizes, thread by thread and oldest first.

    Args:
        threads: The number of threads; each has at least one run.
        runs: The number of runs in all, at least that of threads.
        seed: The same seed gives the same runs.
        statuses: The share of each status, such as ``{"completed": 9, "failed": 1}``; other statuses do not occur. The
            number of runs of a status differs from its share by less than one. The default is equal shares.

    Raises:
        ValueError: There are fewer runs than threads, or no threads, or a share is invalid.
    """
    if not 1 <= threads <= runs:
        raise ValueError(f"{runs} runs are too few for {threads} threads; ask for at least one run per thread.")
    rng = random.Random(f"{seed}:sizes")
    sequence = _status_sequence(statuses, random.Random(f"{seed}:statuses"))
    cuts = sorted(rng.sample(range(1, runs), threads - 1)) if threads > 1 else []
    # Not a generator function, so that invalid arguments are refused at once.
    return (
        run
        for start, end in zip([0, *cuts], [*cuts, runs], strict=True)
        for run in _generate_thread(f"thread_{_token(rng)}", end - start, sequence, seed, START, one_second=False)
    )


def thread(
    thread_id: str,
    runs: int,
    *,
    seed: int = 0,
    start: int = START,
    one_second: bool = False,
    statuses: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Generate the runs of one thread, oldest first; with equal shares the first eight have every status.

    Args:
        thread_id: The id of the thread.
        runs: The number of runs.
        seed: The same seed and id give the same runs.
        start: ``created_at`` of the first run, in Unix seconds.
        one_second: Use ``start`` for all runs, so that only the ids order them.
        statuses: The share of each status, as in ``synthesize``.

    Raises:
        SynthesisError: No valid sample was found for a schema of the document.
        ValueError: A share is invalid.
    """
    sequence = _status_sequence(statuses, random.Random(f"{seed}:{thread_id}:statuses"))
    return _generate_thread(thread_id, runs, sequence, seed, start, one_second=one_second)


def _generate_thread(
    thread_id: str, runs: int, statuses: Iterator[str], seed: int, start: int, *, one_second: bool
) -> list[dict[str, Any]]:
    rng = random.Random(f"{seed}:{thread_id}")
    sampler = _Sampler(rng)
    full = rng.random() < 0.8
    assistant, created = f"asst_{_token(rng)}", start
    generated: list[dict[str, Any]] = []
    for _ in range(runs):
        run = sampler.run(next(statuses), created, full=full)
        run |= {"thread_id": thread_id, "assistant_id": assistant}
        if (problem := violation("Run", run) or _broken_rule(run)) is not None:
            raise SynthesisError(f"A synthetic run is invalid: {problem}.")
        generated.append(run)
        created += 0 if one_second else rng.choice((0, 1, rng.randrange(2, STEP)))
    return generated


def _broken_rule(run: dict[str, Any]) -> str | None:
    return next((problem for rule in RUN_RULES if (problem := rule.judge(run)) is not None), None)


def _status_sequence(shares: Mapping[str, float] | None, rng: random.Random) -> Iterator[str]:
    """Return an endless sequence of statuses; its first n statuses have the shares for every n, to within one run.

    Raises:
        ValueError: A share is that of an unknown status, negative or not finite, or all are zero.
    """
    known: Sequence[str] = schema("RunStatus")["enum"]
    wanted = dict.fromkeys(known, 1.0) if shares is None else dict(shares)
    for status, share in wanted.items():
        if status not in known:
            raise ValueError(f"{status!r} is not a status of a run; the statuses are {', '.join(known)}.")
        if not 0 <= share < math.inf:
            raise ValueError(f"The share of {status} is {share}; give a number from 0 upwards.")
    total = sum(wanted.values())
    if not total:
        raise ValueError("No status has a share above 0; give at least one.")
    return _in_shares({status: share / total for status, share in wanted.items() if share}, rng)


def _in_shares(shares: dict[str, float], rng: random.Random) -> Iterator[str]:
    counts = dict.fromkeys(shares, 0)
    for number in itertools.count(1):
        # Ties are broken at random, so that with equal shares each block of statuses has another order.
        status = max(shares, key=lambda status: (round(shares[status] * number - counts[status], 9), rng.random()))
        counts[status] += 1
        yield status


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
        # After its tool outputs are submitted, a run is queued again and keeps started_at until it starts again.
        resumed = status in ("queued", "in_progress", "completed") and self._rng.random() < 0.3
        self._set_times(run, resumed=resumed)
        self._set_usage(run)
        self._set_tools(run, resumed=resumed)
        return run

    def _set_times(self, run: dict[str, Any], *, resumed: bool) -> None:
        """Set the timestamps that the status implies; an expired run completed first, as in every recording."""
        status, created = run["status"], run["created_at"]
        started = created + self._rng.randrange(5)
        if resumed and status != "queued":
            started += self._rng.randrange(1, 60)
        ended = {
            "cancelled": "cancelled_at",
            "failed": "failed_at",
            "completed": "completed_at",
            "expired": "completed_at",
        }
        run |= dict.fromkeys(("cancelled_at", "failed_at", "completed_at"))
        run["started_at"] = None if status == "queued" and not resumed else started
        run["expires_at"] = None if status in ended else created + LIFETIME
        if status in ended:
            run[ended[status]] = started + self._rng.randrange(30)
        run["last_error"] = self.value({"$ref": "#/components/schemas/LastError"}) if status == "failed" else None

    def _set_usage(self, run: dict[str, Any]) -> None:
        """Set the usage of a run that has ended, and for some completed runs the token limit that ended them early."""
        if "usage" in run:
            run["usage"] = self._usage() if run["status"] in FINAL_STATUSES else None
        if "incomplete_details" not in run:
            return
        run["incomplete_details"] = None
        if run["status"] == "completed" and self._rng.random() < 0.3:
            details = self.value({"$ref": "#/components/schemas/IncompleteDetails"})
            usage = self._usage()
            used = max(1, usage[details["reason"].removeprefix("max_")])
            run |= {"incomplete_details": details, "usage": usage, details["reason"]: used}

    def _usage(self) -> dict[str, Any]:
        usage: dict[str, Any] = self.value({"$ref": "#/components/schemas/Usage"})
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
        return usage

    def _set_tools(self, run: dict[str, Any], *, resumed: bool) -> None:
        """Name the functions of the run, and use the names in tool_choice and in tool calls."""
        waits = run["status"] == "requires_action"
        chosen: Any = run.get("tool_choice")
        choice = cast(dict[str, Any], chosen) if isinstance(chosen, dict) else {}
        tools = [tool for tool in run["tools"] if tool["type"] == "function"]
        if not tools and (waits or resumed or choice.get("type") == "function"):
            tools.append(self.value({"$ref": "#/components/schemas/FunctionTool"}))
            run["tools"] += tools
        functions: list[str] = []
        for tool in tools:
            words = "_".join(self._rng.sample(PLAIN_WORDS, 2))
            functions.append(f"{words}-{len(functions)}" if functions else words)
            tool["function"]["name"] = functions[-1]
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
