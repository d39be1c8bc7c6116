#!/bin/bash
# A survey of two small simulated galaxies in three bands, from a download to a release: docs/example.md walks through it.
#
#     docs/examples/survey.sh [FOLDER]     # default example; with the command jwst-lv3 of .venv, or that in PATH
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
PATH=$(readlink -f "$here/../..")/.venv/bin:$PATH
mkdir "${1:-example}"
cd "${1:-example}"

# In the place of a download from MAST, and of a cache of reference files:
python "$here/survey_exposures.py" MAST
python "$here/../../scripts/crds_cache.py" synthetic crds

jwst-lv3 action=init in_dir=MAST
sweep=(jwst-lv3 -m --config-dir . survey=mast crds=synthetic "crds.path=$PWD/crds" sky=solution
    ++jwst_parameters.source_catalog.bkg_boxsize=50)
leader='mast/${target}/F300M'

# F300M has the stars: it is aligned by them. The others follow it, and get its pixels.
"${sweep[@]}" band=F300M alignment=solution 'tweakreg_grouping=[visit]' mosaic=north_up
"${sweep[@]}" band=F770W,F2100W alignment=from_run "align_from=$leader" "mosaic_like=$leader/\${target}_nircam_lv3_f300m_i2d.fits"

jwst-lv3 action=release out_root=mast release_dir=release hlsp_id=mock-survey hlsp_version=v1 \
    hlsp_name='A survey of mock galaxies' hlsp_lead='A. Nobody' hlsp_contact=nobody@example.org 'accept=[not_verified]'
