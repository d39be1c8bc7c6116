"""The compiled kernel, beside what pyproject.toml says: left out where there is no C compiler, or it fails."""

import os
import shlex
import shutil
import sysconfig

from setuptools import Extension, setup

# Results have to be those of drizzle, on every processor: no operations fused into one that rounds once. And no
# debugging information: it would name the folder of the build.
KERNEL = Extension(
    "app.pipeline.divided.compiled.one_pass",
    sources=["app/pipeline/divided/compiled/one_pass.c"],
    extra_compile_args=["-O3", "-ffp-contract=off", "-g0"],
    py_limited_api=True,  # it has nothing of Python's at all
    optional=True,
)

compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
if shutil.which(compiler):
    setup(ext_modules=[KERNEL], options={"bdist_wheel": {"py_limited_api": "cp311"}})
else:
    setup()
