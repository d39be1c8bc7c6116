"""The configuration groups of jwst-lv3."""
