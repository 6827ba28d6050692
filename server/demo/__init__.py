"""A demonstration community, made with the same services people use, so that a newcomer has something to click on.

It is fiction, and it exists in development only.
"""
