"""An OpenAPI document as it is in its file: the lines, the references, and the problems.

`source` reads a file, `parts` finds its schemas, and `references` follows references. `openapi` has the rules that all
parts of the generator follow. `check` lists the `problems` of a document: those of its `structure`, which `messages`
puts into words, those of the `targets` of references, and others.
"""
