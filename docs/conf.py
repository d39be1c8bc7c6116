"""The site made of these pages: `make site`. Warnings are errors; a page that is read loads nothing from elsewhere."""

project = "jwst-lv3"
author = "the developers of jwst-lv3"
html_title = "jwst-lv3"
extensions = ["myst_parser"]
myst_heading_anchors = 3  # links to a heading, as on the pages of a repository
html_theme = "furo"
html_copy_source = False
exclude_patterns = ["conf.py"]
