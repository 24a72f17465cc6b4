"""Decoding of pages. One invalid item does not lose the others of its page."""

from __future__ import annotations

import logging
from bisect import bisect
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from threadruns._errors import Kept, Skipped
from threadruns._http.validation import body_error, format_path, validation_error
from threadruns._json import is_object
from threadruns._paging.protocols import Item
from threadruns._wire import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threadruns._http.call import Call
    from threadruns._paging.protocols import ListResponse
    from threadruns._response import RawResponse

T = TypeVar("T", bound=Item)

logger = logging.getLogger("threadruns")


class DecodedPage(Generic[T]):
    """A decoded page: its envelope, its items, those left out, and the invalid values that were kept."""

    __slots__ = ("data", "ends", "envelope", "has_more", "kept", "skipped")

    def __init__(self, envelope: ListResponse[T], skipped: list[Skipped], kept: list[Kept]) -> None:
        self.envelope = envelope
        self.data = envelope.data if isinstance(envelope.data, list) else list(envelope.data)
        self.skipped = skipped
        self.kept = kept
        # Anything but true ends the list: a server that sends null has no cursor to continue from.
        self.has_more = envelope.has_more is True
        # The ids of the items are valid cursors, even if the envelope names others.
        items: list[Any] = [*self.data] if skipped else self.data
        for item in skipped:
            items.insert(int(item.path[1]), item.raw)
        self.ends = (_first_text(map(_id_of, items)), _first_text(map(_id_of, reversed(items))))


def decode(call: Call[ListResponse[T]], response: RawResponse, number: int = 1) -> DecodedPage[T]:
    """Decode a page.

    Args:
        call: The call.
        response: Its response.
        number: The number of the page, from 1.

    Raises:
        APIResponseValidationError: The page is invalid, or one of its items is and ``invalid`` is "raise".
    """
    problem: tuple[tuple[str | int, ...], str] = ((), "")
    # Our errors are raised after this block, because Python would chain them to the DecodeError, which holds the
    # unredacted body.
    try:
        return DecodedPage(call.request.model.from_json(response.body), [], [])
    except DecodeError as error:
        problem = (error.path, response.redact_text(error.problem))
    page: DecodedPage[T] | None = None
    if call.options.invalid == "raise":
        response = response.redacted()  # The error holds the items.
    with suppress(DecodeError):
        page = _salvage(call, response, number)
    mode = call.options.invalid
    if page is None or (page.kept and mode != "keep") or not (page.kept or page.skipped):
        raise body_error(call, response, *problem, hint=f"; {HINT}")
    if mode == "raise":
        total = len(page.data) + len(page.skipped)
        path, text, _ = page.skipped[0]
        summary = (
            f"{len(page.skipped)} of {total} items of the page cannot be decoded, the first at {format_path(path)}"
        )
        invalid = validation_error(call, response, f"{summary}: {text}; {HINT}.", path, text)
        invalid.items, invalid.skipped = page.data, page.skipped
        raise invalid
    _log_problems(call, response, page)
    return page


HINT = 'invalid="skip" leaves out invalid items, and invalid="keep" keeps invalid values as they were received'


def _salvage(call: Call[ListResponse[T]], response: RawResponse, number: int) -> DecodedPage[T]:
    """Decode the valid items of a page; keep invalid values if the option ``invalid`` says so.

    Raises:
        DecodeError: The body is not JSON, or has no list of items.
    """
    from threadruns._wire import salvage

    envelope, problems = salvage(response.body, call.request.model, keep=call.options.invalid == "keep")
    skipped = [Skipped(*problem[:3]) for problem in problems if problem.is_left_out]
    left_out = [int(item.path[1]) for item in skipped]

    def id_at(path: tuple[str | int, ...]) -> str | None:
        match path:
            case ("data", int(place), *_):
                return _first_text([envelope.data[place - bisect(left_out, place)].id])
            case _:
                return None

    kept = [Kept(number, id_at(each.path), *each[:3]) for each in problems if not each.is_left_out]
    return DecodedPage(envelope, skipped, kept)


def _id_of(item: Any) -> Any:
    return item.get("id") if is_object(item) else getattr(item, "id", None)


def _first_text(values: Iterable[Any]) -> str | None:
    return next((value for value in values if isinstance(value, str)), None)


def _log_problems(call: Call[Any], response: RawResponse, page: DecodedPage[Any]) -> None:
    if page.skipped:
        path, problem, _ = page.skipped[0]
        total = len(page.data) + len(page.skipped)
        logger.warning(
            "%s: %d of %d items of the page cannot be decoded, the first at %s: %s",
            *(call, len(page.skipped), total, format_path(path), response.redact_text(problem)),
        )
    if page.kept:
        first = page.kept[0]
        logger.warning(
            "%s: %d invalid values of the page were kept, the first at %s: %s",
            *(call, len(page.kept), format_path(first.path), response.redact_text(first.problem)),
        )
