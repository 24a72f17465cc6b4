"""Decoding of pages. One invalid item does not lose the others of its page."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._error_body import read_error_body
from threadruns._errors import APIResponseValidationError, Skipped
from threadruns._json import is_array, is_object
from threadruns._paging.protocols import Item
from threadruns._text import excerpt, printable
from threadruns._wire import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threadruns._http.call import Call
    from threadruns._paging.protocols import ListResponse
    from threadruns._response import RawResponse

T = TypeVar("T", bound=Item)

logger = logging.getLogger("threadruns")


class DecodedPage(Generic[T]):
    """A decoded page: its envelope, its valid items, and the invalid ones."""

    __slots__ = ("data", "ends", "envelope", "skipped")

    def __init__(self, envelope: ListResponse[T], skipped: list[Skipped], ends: tuple[str | None, str | None]) -> None:
        self.envelope = envelope
        self.data = envelope.data if isinstance(envelope.data, list) else list(envelope.data)
        self.skipped = skipped
        self.ends = ends


def decode(call: Call[ListResponse[T]], response: RawResponse) -> DecodedPage[T]:
    """Decode a page.

    Raises:
        APIResponseValidationError: The page is invalid, or one of its items is and ``invalid`` is "raise".
    """
    envelope = None
    # The error is raised below, without this one, which holds the body unredacted.
    with suppress(DecodeError):
        envelope = call.request.model.from_json(response.body)
    if envelope is None:
        return _decode_valid_items(call, response)
    # The ids of the items are valid cursors, even if the envelope names others.
    ends = (envelope.data[0].id, envelope.data[-1].id) if envelope.data else (None, None)
    return DecodedPage(envelope, [], ends)


def _decode_valid_items(call: Call[ListResponse[T]], response: RawResponse) -> DecodedPage[T]:
    """Decode the valid items of a page.

    Raises:
        APIResponseValidationError: The page itself is invalid, or an item is and ``invalid`` is "raise".
    """
    raw = _parse(call, response)
    data = raw.get("data") if is_object(raw) else None
    if is_object(raw) and not is_array(data) and read_error_body(raw).message:
        # Some gateways send their errors with this status. The text may hold the key, and no traceback is to show it.
        raw = data = None
        message = read_error_body(response.redacted().json).message or ""
        raise _validation_error(call, response, f"its body is an error: {excerpt(message, markup=False)}")
    items = data if is_array(data) else []
    places = list(range(len(items)))
    skipped: list[Skipped] = []
    while True:
        try:
            envelope = call.request.model.from_dict(raw)
            break
        except DecodeError as error:
            match error.path:
                case ("data", int(index), *rest) if index < len(places):
                    place = places.pop(index)
                    skipped.append(Skipped(("data", place, *rest), error.problem, items[place]))
                    raw = {**raw, "data": [items[place] for place in places]}
                case _:
                    raise _validation_error(call, response, f"{error}.", error.path, error.problem) from None
    page = DecodedPage(envelope, skipped, (_first_id(items), _first_id(reversed(items))))
    if skipped:
        _report_skipped(call, response, page, len(items))
    return page


def _first_id(items: Iterable[Any]) -> str | None:
    ids = (item.get("id") for item in items if is_object(item))
    return next((id for id in ids if isinstance(id, str)), None)


def _report_skipped(call: Call[Any], response: RawResponse, page: DecodedPage[Any], total: int) -> None:
    path, problem, _ = page.skipped[0]
    summary = f"{len(page.skipped)} of {total} items of the page cannot be decoded, the first at {_format_path(path)}"
    if call.options.invalid == "skip":
        logger.warning("%s: %s: %s", call, summary, problem)
        return
    error = _validation_error(call, response, f"{summary}: {problem}.", path, problem)
    error.items, error.skipped = page.data, page.skipped
    raise error


def _parse(call: Call[Any], response: RawResponse) -> Any:
    from threadruns._wire import parse_json

    try:
        return parse_json(response.body)
    except DecodeError:
        pass  # The error is raised below, so that this one, which holds the body unredacted, is not its context.
    kind = response.header("content-type") or "none"
    begins = excerpt(response.redacted().body[:20_000].decode("utf-8", "replace"), markup=True)
    raise _validation_error(
        call, response, f"the body is not JSON (content type {kind[:80]!r}); it begins with {begins!r}."
    )


def _validation_error(
    call: Call[Any], response: RawResponse, problem: str, path: tuple[str | int, ...] = (), field: str = ""
) -> APIResponseValidationError:
    message = f"the server answered {response.status}, but {problem}"
    return APIResponseValidationError(message, call=str(call), response=response.redacted(), path=path, field=field)


def _format_path(path: tuple[str | int, ...]) -> str:
    return printable("".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip("."))
