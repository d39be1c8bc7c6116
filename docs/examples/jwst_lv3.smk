# Mosaics of jwst-lv3 as a rule of Snakemake (8 or later): data/<target>/<band>/*_cal.fits become out/<target>/<band>/.
#
#     snakemake --snakefile docs/examples/jwst_lv3.smk --cores 8 --sdm apptainer out/ngc0628/F770W
#
# Or `include:` it, and ask for such folders in a rule of your own. Snakemake cannot tell one failure from another; here an
# attempt after one that would fail again in the same way ends at once, with the same exit status (docs/outputs.md).

# Worth another attempt, with more memory and time: 31, too little memory; 137, killed for its memory; 143, time is up.
LV3_AGAIN = "31|137|143"


rule jwst_lv3:
    input:
        "data/{target}/{band}",
    output:
        # The folder as a whole: Snakemake removes what a failed attempt leaves.
        directory("out/{target}/{band}"),
    log:
        "logs/jwst_lv3/{target}_{band}.log",
    threads: 4
    retries: 3
    resources:
        attempt=lambda wildcards, attempt: attempt,
        mem_mb=lambda wildcards, attempt: 16000 * 2 ** (attempt - 1),
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        options=config.get("jwst_lv3", ""),
        # How the last attempt ended; Snakemake removes a log before the next one.
        status="logs/jwst_lv3/{target}_{band}.status",
    container:
        config.get("jwst_lv3_image", "docker://jwst-lv3:0.1.0")
    shell:
        r"""
        if [ {resources.attempt} -gt 1 ] && ! grep -qxE '{LV3_AGAIN}' {params.status}; then
            exit "$(cat {params.status})"
        fi
        status=0
        jwst-lv3 target={wildcards.target} band={wildcards.band} in_dir={input} out_dir={output} procs={threads} \
            {params.options} 2> {log} || status=$?
        echo $status > {params.status}
        exit $status
        """
