"""Mission control: work folders as typed answers over HTTP, and the page that shows them.

Read-only: nothing here writes below a work folder.
"""
