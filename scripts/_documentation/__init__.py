"""The parts of the documentation that are generated from a document: request samples, and the page.

`samples` writes the requests of each operation in fifteen languages, and `page` writes one HTML file.
"""
