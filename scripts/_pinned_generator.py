"""Exit with a message instead of a traceback if the installed generator is not the required one."""

import sys

from _generator import GeneratorChanged, check_import

try:
    check_import()
except GeneratorChanged as changed:
    sys.exit(f"scripts/generate: {changed}")
