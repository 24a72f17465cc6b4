"""Faults of the beta header: versions that are wrongly accepted, and wrong errors."""
# ruff: noqa: D102 - the docstring of a class describes its methods.

from __future__ import annotations

from threadruns.server._messages import HTTPError, ServerRequest, internal_error
from threadruns.testing.mutations import Mutation

VALUE = "assistants=v1"


class BetaNotChecked(Mutation):
    """The beta header is not checked."""

    def check_beta(self, request: ServerRequest) -> None:
        pass


class _LenientBeta(Mutation):
    """Base class of faults that accept other values too."""

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


class BetaAnyValue(_LenientBeta):
    """The beta header is required, with any value."""

    def accepts(self, value: str) -> bool:
        return True


class BetaEmpty(_LenientBeta):
    """An empty beta header is accepted."""

    def accepts(self, value: str) -> bool:
        return value == ""


class BetaV2(_LenientBeta):
    """`assistants=v2` is accepted too."""

    def accepts(self, value: str) -> bool:
        return value == "assistants=v2"


class BetaAnyVersion(_LenientBeta):
    """Any version of `assistants` is accepted."""

    def accepts(self, value: str) -> bool:
        return value.startswith("assistants=")


class BetaWithSuffix(_LenientBeta):
    """Additional characters after the value are accepted, such as `assistants=v10`."""

    def accepts(self, value: str) -> bool:
        return value.startswith(VALUE)


class BetaWithPrefix(_LenientBeta):
    """Additional characters before the value are accepted."""

    def accepts(self, value: str) -> bool:
        return value.endswith(VALUE)


class BetaSubstring(_LenientBeta):
    """Any header that contains the value is accepted."""

    def accepts(self, value: str) -> bool:
        return VALUE in value


class BetaInList(_LenientBeta):
    """A comma-separated list with the value is accepted."""

    def accepts(self, value: str) -> bool:
        return VALUE in (part.strip() for part in value.split(","))


class BetaIgnoresCase(_LenientBeta):
    """The value is compared without case."""

    def accepts(self, value: str) -> bool:
        return value.lower() == VALUE


class BetaSpaces(_LenientBeta):
    """Spaces within the value are ignored."""

    def accepts(self, value: str) -> bool:
        return value.replace(" ", "") == VALUE


class BetaPrefix(_LenientBeta):
    """A prefix of the value is accepted."""

    def accepts(self, value: str) -> bool:
        return bool(value) and VALUE.startswith(value)


class BetaVersionAlone(_LenientBeta):
    """The version is accepted without `assistants=`."""

    def accepts(self, value: str) -> bool:
        return value == "v1"


class BetaInQuery(Mutation):
    """The version is also accepted in the query."""

    def check_beta(self, request: ServerRequest) -> None:
        if not any(name.lower() == "openai-beta" for name, _ in self.query_parameters(request)):
            super().check_beta(request)


class BetaIgnoredForHead(Mutation):
    """HEAD does not require the beta header."""

    def check_beta(self, request: ServerRequest) -> None:
        if request.method != "HEAD":
            super().check_beta(request)


class BetaIgnoredAfter(Mutation):
    """A page after a cursor does not require the beta header."""

    def check_beta(self, request: ServerRequest) -> None:
        if b"after=" not in request.query:
            super().check_beta(request)


class _BetaErrorMutation(Mutation):
    """Base class of faults in the response to a wrong beta header."""

    def changed(self, error: HTTPError) -> HTTPError:
        raise NotImplementedError

    def check_beta(self, request: ServerRequest) -> None:
        try:
            super().check_beta(request)
        except HTTPError as error:
            raise self.changed(error) from None


class BetaRefusedWith404(_BetaErrorMutation):
    """A missing or wrong beta header gives 404."""

    def changed(self, error: HTTPError) -> HTTPError:
        error.status = 404
        return error


class BetaRefusedWith401(_BetaErrorMutation):
    """A missing or wrong beta header gives 401."""

    def changed(self, error: HTTPError) -> HTTPError:
        error.status = 401
        error.headers = {"www-authenticate": "Bearer"}
        return error


class BetaRefusedWith500(_BetaErrorMutation):
    """A missing or wrong beta header gives 500."""

    def changed(self, error: HTTPError) -> HTTPError:
        return internal_error()


class BetaRefusedWith426(_BetaErrorMutation):
    """A missing or wrong beta header gives 426."""

    def changed(self, error: HTTPError) -> HTTPError:
        error.status = 426
        return error
