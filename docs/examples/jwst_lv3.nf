// Mosaics of jwst-lv3 as a module of Nextflow (DSL2):
// [target, band, folder with *_cal.fits] becomes [target, band, out].
//
//     include { JWST_LV3 } from './jwst_lv3'
//     workflow {
//         channel.of(['ngc0628', 'F770W', file('data/ngc0628/F770W')]) | JWST_LV3
//     }
//
// The image is params.jwst_lv3_image; more keys go into ext.args of nextflow.config:
//     withName: JWST_LV3 { ext.args = 'strict=true' }

params.jwst_lv3_image = 'jwst-lv3:0.1.0'

process JWST_LV3 {
    tag "${target} ${band}"
    container params.jwst_lv3_image

    cpus 4
    memory { 16.GB * 2 ** (task.attempt - 1) }
    time { 4.h * task.attempt }
    maxRetries 3
    // Worth another attempt: 31, too little memory; 137, killed for its memory; 143, time is up.
    // All other statuses come again in the same way (docs/outputs.md).
    errorStrategy { task.exitStatus in [31, 137, 143] ? 'retry' : 'finish' }

    input:
    tuple val(target), val(band), path(exposures, stageAs: 'in')

    output:
    tuple val(target), val(band), path('out')

    script:
    """
    jwst-lv3 target='${target}' band='${band}' in_dir="\$PWD/in" out_dir="\$PWD/out" \\
        procs=${task.cpus} ${task.ext.args ?: ''}
    """
}
