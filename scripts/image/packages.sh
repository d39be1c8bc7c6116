#!/bin/sh
# packages.sh: the locked packages into /opt/venv. Run in an image build, in a folder that has requirements/ and scripts/.
# One of the packages, antlr4, exists as source only: all become wheels first, that one by pinned build tools in a
# virtual environment of their own, so that nothing is left of them in /opt/venv. Two builds give the same files: wheels are
# dated (SOURCE_DATE_EPOCH, which setuptools takes), and bytecode has no dates in it, nor is it compared with its source.
set -eu
export SOURCE_DATE_EPOCH=315532800 PYTHONHASHSEED=0 # 1980, the earliest that a wheel may say

python -m venv tools
tools/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --require-hashes \
    -r requirements/run.txt --wheel-dir wheels
python -m venv --without-pip /opt/venv
tools/bin/pip --python /opt/venv/bin/python install --no-index --no-deps --no-compile wheels/*.whl
/opt/venv/bin/python scripts/image/leave_out.py /opt/venv/lib/python3*/site-packages
/opt/venv/bin/python -m compileall -q -j 1 --invalidation-mode unchecked-hash /opt/venv/lib
rm -r wheels

# The base image has no bytecode of Python's own library: every start would compile what it imports. Below /opt/bytecode, to be
# laid over the image.
library=$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
find "$library" -name __pycache__ -prune -exec rm -r {} + # what pip's start has left
python -m compileall -q -f -j 1 --invalidation-mode unchecked-hash -x '/(ensurepip|idlelib|lib2to3|site-packages|test|turtledemo)/' \
    "$library"
mkdir /opt/bytecode
find "$library" -name __pycache__ -exec cp -r --parents -t /opt/bytecode {} +

# What is in there and under which licences, for those who ask: CycloneDX, without a date; and the texts.
python -m venv sbom
sbom/bin/pip install --no-cache-dir --require-hashes -r requirements/sbom.txt
mkdir -p /opt/venv/share
sbom/bin/cyclonedx-py environment --output-reproducible --output-file /opt/venv/share/sbom.cdx.json /opt/venv/bin/python
rm -r sbom
/opt/venv/bin/python scripts/image/licences.py > /opt/venv/share/licences.txt
