"""Run the sample of every language whose toolchain is here against real servers; parse those that Debian cannot run.

Each must print the runs of a thread of the reference server, tell the status and fail with a wrong key, and send the
values of a document full of quotes, dollars and percent signs unchanged. The samples of edited documents, without a
cursor and without ids, are run too. Run it with ``tox -e samples``; arguments are names of languages.
"""

from __future__ import annotations

import sys

from _documentation.operations import operations
from _documentation.samples import samples
from tests.document.samples import DOCUMENT, idless_document, nasty_document, plain_document
from tests.document.samples.checks import WrongSampleError, check_answers, check_request, check_whole, parse
from tests.document.samples.toolchains import GRAMMARS, TOOLCHAINS


def main(names: list[str]) -> int:
    """Check the samples of the languages with these names, or of all; return the exit code."""
    nasty_operation = next(operations(nasty_document()))
    nasty = {sample.language.label: sample for sample in samples(nasty_operation)}
    others = [
        {sample.language.label: sample for sample in samples(next(operations(document)))}
        for document in (plain_document(), idless_document())
    ]
    failed = 0
    for sample in samples(next(operations(DOCUMENT))):
        label = sample.language.label
        if names and sample.language.name not in names:
            continue
        try:
            if label in GRAMMARS:
                outcomes = [parse(each) for each in (sample, *(other[label] for other in (*others, nasty)))]
                outcome = f"parsed  {label}: {'; '.join(outcomes)}"
            elif (toolchain := TOOLCHAINS[label]).is_present():
                done = [check_answers(toolchain, sample)]
                for other in others:
                    if label in other:
                        check_whole(toolchain, other[label])
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
