"""Comparison of two OpenAPI documents: each change, and whether it breaks callers or servers.

Callers write requests and read responses; servers read requests and write responses. Each change is classified by the
values that are valid in one of the documents only.

- A request that is no longer valid breaks callers, which may send it. A request that is newly valid breaks servers,
  which have to accept it.
- A response that is no longer valid breaks servers, which may send it. A response that is newly valid breaks callers,
  which have to read it. So a new enum value or status code of a response breaks callers: they may handle all listed
  values and no others. A new optional field does not, because objects are open unless the document closes them.
- If it cannot be decided which values are valid in one document only, such as for two patterns, a change breaks both.
- A name of the generated code that disappears, of an operation or of a component, breaks callers.

Texts and examples are not compared.
"""

from _compare.changes import Change
from _compare.operations import compare

__all__ = ["Change", "compare"]
