#!/bin/sh
# packages.sh: the locked packages into /opt/venv. Run in an image build, in a folder that has requirements/.
# One of the packages, antlr4, exists as source only: all become wheels first, that one by pinned build tools in a
# virtual environment of their own, so that nothing is left of them in /opt/venv.
set -eu

python -m venv tools
tools/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --require-hashes \
    -r requirements/run.txt --wheel-dir wheels
python -m venv --without-pip /opt/venv
tools/bin/pip --python /opt/venv/bin/python install --no-index --no-deps wheels/*.whl
rm -r wheels
