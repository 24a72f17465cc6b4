"""An OpenAPI document as it is in its file: the lines, the references, and the problems.

`source` reads a file, `references` follows references, and `check` lists the problems of a document.
"""
