"""The compiled kernel of `app.pipeline.divided.one_pass`: it is built where there is a C compiler (setup.py)."""

from pathlib import Path

__all__ = ["KERNEL", "has_kernel", "kernel_name"]

#: Shared library made of one_pass.c, beside it. It is no module of Python, and so lies in a folder that is no package;
#: the name is what setuptools gives to a library for any version of Python.
KERNEL = Path(__file__).parents[1] / "pipeline" / "divided" / "compiled" / "one_pass.abi3.so"


def has_kernel() -> bool:
    """Whether it was built where this program was installed."""
    return KERNEL.is_file()


def kernel_name() -> str:
    """The kernel that drizzles here: "compiled", or "drizzle" for that of the drizzle package."""
    return "compiled" if has_kernel() else "drizzle"
