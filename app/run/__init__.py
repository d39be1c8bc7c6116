"""One run, from the plan to the published products: `Lv3Step`, the output folder, and how a run ends.

What many runs need stands in `app.sweep`.
"""
