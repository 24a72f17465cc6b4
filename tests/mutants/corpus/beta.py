"""Faults of the beta header: which versions are accepted, and what an error says."""
# ruff: noqa: D102 - the docstring of the class says what its methods do.

from __future__ import annotations

from threadruns.server._messages import HTTPError, ServerRequest, internal_error
from threadruns.testing.mutations import Mutation

VALUE = "assistants=v1"


class BetaNotChecked(Mutation):
    """The beta header is not looked at."""

    def check_beta(self, request: ServerRequest) -> None:
        pass


class _Lenient(Mutation):
    """Base of faults that accept more than the one value."""

    def accepts(self, value: str) -> bool:
        raise NotImplementedError

    def check_beta(self, request: ServerRequest) -> None:
        values = request.header("openai-beta")
        if not values or not self.accepts(", ".join(values)):
            super().check_beta(request)


class BetaMayBeMissing(Mutation):
    """The beta header may be missing; another value is refused."""

    def check_beta(self, request: ServerRequest) -> None:
        if request.header("openai-beta"):
            super().check_beta(request)


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


class BetaInQuery(Mutation):
    """The beta version is taken from the query too."""

    def check_beta(self, request: ServerRequest) -> None:
        if not any(name.lower() == "openai-beta" for name, _ in self.query_parameters(request)):
            super().check_beta(request)


class BetaHeadNotChecked(Mutation):
    """HEAD needs no beta header."""

    def check_beta(self, request: ServerRequest) -> None:
        if request.method != "HEAD":
            super().check_beta(request)


class BetaLaterPagesNotChecked(Mutation):
    """A page after a cursor needs no beta header."""

    def check_beta(self, request: ServerRequest) -> None:
        if b"after=" not in request.query:
            super().check_beta(request)


class _RefusedBeta(Mutation):
    """Base of faults in how the header is refused."""

    def changed(self, error: HTTPError) -> HTTPError:
        raise NotImplementedError

    def check_beta(self, request: ServerRequest) -> None:
        try:
            super().check_beta(request)
        except HTTPError as error:
            raise self.changed(error) from None


class BetaRefusedWith404(_RefusedBeta):
    """A missing or wrong beta header is a 404."""

    def changed(self, error: HTTPError) -> HTTPError:
        error.status = 404
        return error


class BetaRefusedWith401(_RefusedBeta):
    """A missing or wrong beta header is a 401."""

    def changed(self, error: HTTPError) -> HTTPError:
        error.status = 401
        error.headers = {"www-authenticate": "Bearer"}
        return error


class BetaRefusedWith500(_RefusedBeta):
    """A missing or wrong beta header makes the server fail."""

    def changed(self, error: HTTPError) -> HTTPError:
        return internal_error()


class BetaRefusedWith426(_RefusedBeta):
    """A missing or wrong beta header is a 426."""

    def changed(self, error: HTTPError) -> HTTPError:
        error.status = 426
        return error
