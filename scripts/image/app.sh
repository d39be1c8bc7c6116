#!/bin/sh
# app.sh PREFIX: this package into PREFIX, with the tools that packages.sh made. Run in an image build, in a folder that has
# pyproject.toml, README.md, LICENSE, app/, conf/ and kernel/ (kernel.sh). PREFIX may be /opt/venv, or a tree to be laid over it.
set -eu
export SOURCE_DATE_EPOCH=315532800 PYTHONHASHSEED=0 # as in packages.sh

tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist .
tools/bin/pip --python /opt/venv/bin/python install --no-index --no-deps --no-compile --prefix "$1" dist/*.whl
cp -r kernel/app "$1"/lib/python3*/site-packages/
/opt/venv/bin/python -m compileall -q -j 1 --invalidation-mode unchecked-hash "$1"/lib/python*/site-packages/app
