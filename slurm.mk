# Sweeps on a real SLURM, in the Apptainer image. docs/hpc.md explains.
.PHONY: test-slurm

test-slurm: dev  ## Run sweeps on a SLURM of one node, in the Apptainer image, as root on Debian
	scripts/ci/with-docker.sh sh -c 'exec scripts/ci/with-slurm.sh "$$LV3_CI/slurm" tests/slurm/test-slurm.sh'
