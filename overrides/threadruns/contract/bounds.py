"""The bounds of ``limit`` in the document."""

from __future__ import annotations

from threadruns._document import parameter

MIN_LIMIT: int = parameter("limit")["minimum"]
DEFAULT_LIMIT: int = parameter("limit")["default"]
MAX_LIMIT: int = parameter("limit")["maximum"]
