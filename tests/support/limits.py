"""The bounds of ``limit`` in the document, for tests of pages."""

from threadruns.contract.bounds import DEFAULT_LIMIT as DEFAULT_LIMIT
from threadruns.contract.bounds import MAX_LIMIT as MAX_LIMIT
from threadruns.contract.bounds import MIN_LIMIT as MIN_LIMIT
