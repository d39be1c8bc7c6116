"""One solution for all exposures of a survey: unknowns of each, measured by what overlapping exposures share."""
