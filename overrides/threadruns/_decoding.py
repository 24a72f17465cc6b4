"""Decoding a page: an item that is not what the contract says does not take the others with it."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import APIResponseValidationError, Skipped, excerpt
from threadruns._items import Item
from threadruns._json import is_array, is_object
from threadruns._wire import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threadruns._calls import Call
    from threadruns._items import Listed
    from threadruns._transport import Answer

T = TypeVar("T", bound=Item)

logger = logging.getLogger("threadruns")


class Contents(Generic[T]):
    """What a page holds, decoded."""

    __slots__ = ("data", "ends", "listed", "skipped")

    def __init__(self, listed: Listed[T], skipped: list[Skipped], ends: tuple[str | None, str | None]) -> None:
        self.listed = listed
        self.data = listed.data if isinstance(listed.data, list) else list(listed.data)
        self.skipped = skipped
        self.ends = ends


def decode(call: Call[Listed[T]], answer: Answer) -> Contents[T]:
    """Decode a page; an item that does not decode does not take the others with it.

    Raises:
        APIResponseValidationError: The page is not what the contract says, or an item and ``invalid`` is "raise".
    """
    listed = None
    # What goes wrong is said by an error of its own, without this one, which holds the body as it came.
    with suppress(DecodeError):
        listed = call.request.model.from_json(answer.body)
    if listed is None:
        return _salvaged(call, answer)
    # The ids of the items are what the server accepts as cursors, whatever the envelope says.
    ends = (listed.data[0].id, listed.data[-1].id) if listed.data else (None, None)
    return Contents(listed, [], ends)


def _salvaged(call: Call[Listed[T]], answer: Answer) -> Contents[T]:
    """Decode what can be decoded of a page.

    Raises:
        APIResponseValidationError: It is no page at all, or an item cannot be decoded and ``invalid`` is "raise".
    """
    raw = _parse(call, answer)
    data = raw.get("data") if is_object(raw) else None
    items = data if is_array(data) else []
    places = list(range(len(items)))
    skipped: list[Skipped] = []
    while True:
        try:
            listed = call.request.model.from_dict(raw)
            break
        except DecodeError as error:
            match error.path:
                case ("data", int(index), *rest) if index < len(places):
                    place = places.pop(index)
                    skipped.append(Skipped(("data", place, *rest), error.problem, items[place]))
                    raw = {**raw, "data": [items[place] for place in places]}
                case _:
                    raise _invalid(call, answer, f"{error}.", error.path, error.problem) from None
    contents = Contents(listed, skipped, (_first_id(items), _first_id(reversed(items))))
    if skipped:
        _report(call, answer, contents, len(items))
    return contents


def _first_id(items: Iterable[Any]) -> str | None:
    ids = (item.get("id") for item in items if is_object(item))
    return next((id for id in ids if isinstance(id, str)), None)


def _report(call: Call[Any], answer: Answer, contents: Contents[Any], total: int) -> None:
    path, problem, _ = contents.skipped[0]
    summary = f"{len(contents.skipped)} of {total} items of the page cannot be decoded, the first at {_dotted(path)}"
    if call.options.invalid == "skip":
        logger.warning("%s: %s: %s", call, summary, problem)
        return
    error = _invalid(call, answer, f"{summary}: {problem}.", path, problem)
    error.items, error.skipped = contents.data, contents.skipped
    raise error


def _parse(call: Call[Any], answer: Answer) -> Any:
    from threadruns._wire import parse_json

    try:
        return parse_json(answer.body)
    except DecodeError:
        pass  # Left before the error is raised: it holds the body as it came, and would be its context.
    kind = answer.header("content-type") or "none"
    begins = excerpt(answer.redacted().body[:20_000].decode("utf-8", "replace"), markup=True)
    raise _invalid(call, answer, f"the body is no JSON (content type {kind[:80]!r}); it begins with {begins!r}.")


def _invalid(
    call: Call[Any], answer: Answer, problem: str, path: tuple[str | int, ...] = (), field: str = ""
) -> APIResponseValidationError:
    message = f"the server answered {answer.status}, but {problem}"
    return APIResponseValidationError(message, call=str(call), answer=answer.redacted(), path=path, field=field)


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
