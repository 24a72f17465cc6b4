"""Judging responses: by themselves, by earlier readings of the same run, and by the page that is expected."""
