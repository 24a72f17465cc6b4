"""Run the sample of every language whose toolchain is here against real servers; parse those that Debian cannot run.

Each is run three times: against the reference server, where it must print the runs of a thread; with a wrong key, where
it must tell the status and fail; and as the sample of a document full of quotes, dollars and percent signs, where the
request must arrive as the document has it. Run it with ``tox -e samples``; arguments are names of languages.
"""

from __future__ import annotations

import sys

from _operations import operations
from _samples import samples
from tests.document.samples import DOCUMENT, nasty_document
from tests.document.samples.checks import WrongSampleError, check_answers, check_request, parse
from tests.document.samples.toolchains import GRAMMARS, TOOLCHAINS


def main(names: list[str]) -> int:
    """Check the samples of the languages with these names, or of all; return the exit code."""
    nasty_operation = next(operations(nasty_document()))
    nasty = {sample.language.label: sample for sample in samples(nasty_operation)}
    failed = 0
    for sample in samples(next(operations(DOCUMENT))):
        label = sample.language.label
        if names and sample.language.name not in names:
            continue
        try:
            if label in GRAMMARS:
                outcome = f"parsed  {label}: {parse(sample)}; {parse(nasty[label])}"
            elif (toolchain := TOOLCHAINS[label]).is_present():
                done = [check_answers(toolchain, sample)]
                if label in nasty:
                    done.append(check_request(toolchain, nasty[label], nasty_operation))
                outcome = f"ran     {label}: {', '.join(done)} ({toolchain.version_line()})"
            else:
                outcome = f"skipped {label}: not here; apt-get install {toolchain.packages}"
        except WrongSampleError as error:
            outcome = f"FAILED  {label}: {error}"
            failed += 1
        print(outcome, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
