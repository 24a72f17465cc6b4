"""Faults of the beta header: which versions are accepted, and what a refusal says."""
# ruff: noqa: ARG002, D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from threadruns.server._exchange import Refusal, Request, failure
from threadruns.server.faults import Fault

VALUE = "assistants=v1"


class BetaNotChecked(Fault):
    """The beta header is not looked at."""

    def negotiate(self, request: Request) -> None:
        pass


class _Lenient(Fault):
    """Base of faults that accept more than the one value."""

    def accepts(self, value: str) -> bool:
        raise NotImplementedError

    def negotiate(self, request: Request) -> None:
        values = request.header("openai-beta")
        if not values or not self.accepts(", ".join(values)):
            super().negotiate(request)


class BetaMayBeMissing(Fault):
    """The beta header may be missing; another value is refused."""

    def negotiate(self, request: Request) -> None:
        if request.header("openai-beta"):
            super().negotiate(request)


class BetaAnyValue(_Lenient):
    """The beta header must be there, with any value."""

    def accepts(self, value: str) -> bool:
        return True


class BetaEmpty(_Lenient):
    """An empty beta header is accepted."""

    def accepts(self, value: str) -> bool:
        return value == ""


class BetaV2(_Lenient):
    """Version 2 is accepted too."""

    def accepts(self, value: str) -> bool:
        return value == "assistants=v2"


class BetaAnyVersion(_Lenient):
    """Any version of the assistants is accepted."""

    def accepts(self, value: str) -> bool:
        return value.startswith("assistants=")


class BetaWithTail(_Lenient):
    """More may follow the value, so that `assistants=v10` is accepted."""

    def accepts(self, value: str) -> bool:
        return value.startswith(VALUE)


class BetaWithHead(_Lenient):
    """More may precede the value."""

    def accepts(self, value: str) -> bool:
        return value.endswith(VALUE)


class BetaContained(_Lenient):
    """The value may stand anywhere in the header."""

    def accepts(self, value: str) -> bool:
        return VALUE in value


class BetaInList(_Lenient):
    """The value may be one of a list."""

    def accepts(self, value: str) -> bool:
        return VALUE in (part.strip() for part in value.split(","))


class BetaIgnoresCase(_Lenient):
    """The case of the value does not count."""

    def accepts(self, value: str) -> bool:
        return value.lower() == VALUE


class BetaSpaces(_Lenient):
    """Spaces within the value do not count."""

    def accepts(self, value: str) -> bool:
        return value.replace(" ", "") == VALUE


class BetaBeginning(_Lenient):
    """The beginning of the value is enough."""

    def accepts(self, value: str) -> bool:
        return bool(value) and VALUE.startswith(value)


class BetaVersionAlone(_Lenient):
    """The version is enough, without `assistants=`."""

    def accepts(self, value: str) -> bool:
        return value == "v1"


class BetaInQuery(Fault):
    """The beta version is taken from the query too."""

    def negotiate(self, request: Request) -> None:
        if not any(name.lower() == "openai-beta" for name, _ in self.parameters(request)):
            super().negotiate(request)


class BetaHeadNotChecked(Fault):
    """HEAD needs no beta header."""

    def negotiate(self, request: Request) -> None:
        if request.method != "HEAD":
            super().negotiate(request)


class BetaLaterPagesNotChecked(Fault):
    """A page after a cursor needs no beta header."""

    def negotiate(self, request: Request) -> None:
        if b"after=" not in request.query:
            super().negotiate(request)


class _Refused(Fault):
    """Base of faults in how the header is refused."""

    def changed(self, refusal: Refusal) -> Refusal:
        raise NotImplementedError

    def negotiate(self, request: Request) -> None:
        try:
            super().negotiate(request)
        except Refusal as refusal:
            raise self.changed(refusal) from None


class BetaRefusedWith404(_Refused):
    """A missing or wrong beta header is a 404."""

    def changed(self, refusal: Refusal) -> Refusal:
        refusal.status = 404
        return refusal


class BetaRefusedWith401(_Refused):
    """A missing or wrong beta header is a 401."""

    def changed(self, refusal: Refusal) -> Refusal:
        refusal.status = 401
        refusal.headers = {"www-authenticate": "Bearer"}
        return refusal


class BetaRefusedWith500(_Refused):
    """A missing or wrong beta header makes the server fail."""

    def changed(self, refusal: Refusal) -> Refusal:
        return failure()


class BetaRefusedWith426(_Refused):
    """A missing or wrong beta header is a 426."""

    def changed(self, refusal: Refusal) -> Refusal:
        refusal.status = 426
        return refusal
