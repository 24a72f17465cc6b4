"""Names and values that no document has, for tests of what a client or a check does with unknown ones.

A document may get any plausible name, and a test that uses it as an unknown one would then fail.
"""

from __future__ import annotations

FIELD = "x_unknown_field"
OTHER_FIELD = "x_other_field"
VALUE = "x-unknown-value"
"""A value that no enum lists, such as a status."""
NEW_VALUE = "x-new-value"
"""A value that a test adds to an enum."""
TOOL = "x_unknown_tool"
"""A ``type`` that no tool has."""
PARAMETER = "x_unknown_parameter"
