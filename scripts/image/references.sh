#!/bin/sh
# references.sh MODE CONTEXT: the CRDS cache into /opt/crds. Run in an image build, in a folder that has app/ and scripts/.
# MODE pinned takes crds-cache/ of the same folder, synthetic makes a demo cache; CONTEXT has to be in it.
set -eu
mode=$1 context=$2

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

case $mode in
    synthetic) PYTHONPATH=. /opt/venv/bin/python scripts/crds_cache.py synthetic /opt/crds ;;
    pinned)
        [ -f crds-cache/MANIFEST.sha256 ] || fail \
            'there is no CRDS cache to put into the image: crds-cache/ is missing, or not whole.' \
            '`make crds-cache` fills it (once, with network). For a demo image without it, not for science:' \
            '`make image CRDS=synthetic`, or --build-arg CRDS=synthetic --build-arg CRDS_CONTEXT=jwst_synthetic_0001.pmap.'
        cp -r crds-cache /opt/crds
        PYTHONPATH=. /opt/venv/bin/python scripts/crds_cache.py verify /opt/crds
        ;;
    *) fail "CRDS=$mode: allowed are pinned and synthetic." ;;
esac
[ -f "/opt/crds/mappings/jwst/$context" ] || fail "CRDS_CONTEXT=$context is not in the cache, which is $mode."
chmod -R a+rX,a-w /opt/crds
