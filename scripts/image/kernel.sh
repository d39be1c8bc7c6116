#!/bin/sh
# kernel.sh FOLDER: the compiled kernel (setup.py) into FOLDER. Run in an image build, in a folder that has requirements/, setup.py
# and the kernel's source, with the tools that packages.sh made. The compiler is a locked package, so that two builds give the same
# file; it would compile for this machine's own processor if it was not told another. What it leaves is below `compiler`.
set -eu
export ZIG_GLOBAL_CACHE_DIR="$PWD/compiler/cache"

python -m venv compiler
compiler/bin/pip install --no-cache-dir --require-hashes -r requirements/compiler.txt
CC="$PWD/compiler/bin/python -m ziglang cc -target $(uname -m)-linux-gnu.2.17" \
    tools/bin/python setup.py --quiet build_ext --build-lib "$1"
rm -r compiler build
[ -f "$1/app/pipeline/divided/compiled/one_pass.abi3.so" ]
