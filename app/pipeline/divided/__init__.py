"""The division of the pipeline's work: exposures and rows of the mosaic, shared out to processes.

jwst's and stcal's public classes do the science. What is divided, and the order in which parts are put together, never
depends on the number of processes, so that neither do the products, to the bit.
"""

from app.runtime.pool import run_all

__all__ = ["run_all"]
