# The container images: how they are built, tried and renewed. docs/containers.md explains.
ENGINE ?= docker
CRDS ?= pinned
BASE_IMAGE ?=
BUILD_FLAGS ?=
SIF_FLAGS ?=
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
REVISION := $(shell git describe --always --dirty --abbrev=12 2> /dev/null || echo unknown)
TAG := $(VERSION)$(if $(filter pinned,$(CRDS)),,-$(CRDS))
IMAGE := jwst-lv3:$(TAG)
SIF := jwst-lv3-$(TAG).sif
IMAGE_ARGS = $(if $(BASE_IMAGE),BASE_IMAGE=$(BASE_IMAGE)) CRDS=$(CRDS) VERSION=$(TAG) REVISION=$(REVISION) \
    CRDS_CONTEXT=$(shell sed -n 's/^context: //p' conf/crds/$(CRDS).yaml) \
    JWST_VERSION=$(shell sed -n 's/^jwst==\([^ ]*\).*/\1/p' requirements/run.txt)

#: When the image's files are from, as far as they are new: BuildKit's own name for it.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2> /dev/null || echo 0)
ARCHIVE := jwst-lv3-$(TAG).oci.tar
ifeq ($(notdir $(firstword $(ENGINE))),podman)
define archive
$(ENGINE) build $(BUILD_FLAGS) $(addprefix --build-arg ,$(IMAGE_ARGS)) --timestamp $$SOURCE_DATE_EPOCH --tag $(1:.oci.tar=) $(2) .
$(ENGINE) save --quiet --format oci-archive --output $(1) $(1:.oci.tar=)
endef
else
define archive
$(ENGINE) buildx build $(BUILD_FLAGS) $(addprefix --build-arg ,$(IMAGE_ARGS)) --build-arg SOURCE_DATE_EPOCH --provenance=false \
    --output type=oci,dest=$(1),rewrite-timestamp=true $(2) .
endef
endif

.PHONY: image archive archive-name verify-image sif crds-cache test-image test-sif lint-containers upgrade selftest-numbers

image:  ## Build the Docker image (CRDS=synthetic: for the demo; ENGINE=podman)
	$(ENGINE) build $(BUILD_FLAGS) $(addprefix --build-arg ,$(IMAGE_ARGS)) --tag $(IMAGE) .
	$(if $(filter pinned,$(CRDS)),$(ENGINE) tag $(IMAGE) jwst-lv3:latest)

archive:  ## Build the image as an OCI archive, whose digest is the same in every build of a commit (BuildKit)
	$(call archive,$(ARCHIVE))

archive-name:
	@echo $(ARCHIVE)

verify-image:  ## Build the OCI archive twice, without a cache, and say what differs
	$(call archive,$(ARCHIVE),--no-cache)
	$(call archive,again-$(ARCHIVE),--no-cache)
	$(PYTHON) scripts/compare_images.py $(ARCHIVE) again-$(ARCHIVE)
	rm again-$(ARCHIVE)

sif:  ## Turn the Docker image into one file for Apptainer
	$(ENGINE) save --output $(SIF).tar $(IMAGE)
	apptainer build --force $(SIF_FLAGS) $(addprefix --build-arg ,$(filter-out BASE_IMAGE=%,$(IMAGE_ARGS))) \
	    --build-arg BOOTSTRAP=docker-archive --build-arg FROM=$(SIF).tar $(SIF) apptainer.def; \
	    status=$$?; rm -f $(SIF).tar; exit $$status

crds-cache: env  ## Download the reference files that go into the image (needs the CRDS server)
	$(BIN)/python scripts/crds_cache.py fill crds-cache

test-image: dev  ## Build the Docker image and try it, under every restriction
	scripts/ci/with-docker.sh tests/container/test-image.sh

test-sif: dev  ## Build the Apptainer image and try it, as an ordinary user
	scripts/ci/with-docker.sh tests/container/test-sif.sh

lint-containers:  ## Check Dockerfile and shell scripts
	scripts/ci/lint-containers.sh

upgrade:  ## Move to another jwst and its CRDS context: make upgrade JWST=3.0.1 CONTEXT=jwst_1590.pmap
	$(PYTHON) scripts/upgrade.py "$(JWST)" "$(CONTEXT)"
	$(MAKE) lock
	$(MAKE) selftest-numbers
	@echo "now: look at git diff, make test, rm -r crds-cache && make crds-cache, make image"

selftest-numbers: dev  ## Renew the numbers that action=selftest expects
	$(BIN)/python scripts/renew_selftest.py
