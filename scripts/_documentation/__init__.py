"""What people read about a document: the request samples and the documentation page.

`samples` writes the requests of each operation in fifteen languages, and `page` writes one HTML file.
"""
