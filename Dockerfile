# jwst-lv3 with all that a run needs: locked packages, and the CRDS cache of one context. How to build, run and pin it:
# docs/containers.md. Plain Dockerfile syntax: BuildKit, the classic builder and podman all take it.
ARG BASE_IMAGE=python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c

FROM ${BASE_IMAGE} AS packages
WORKDIR /build
COPY scripts/image/packages.sh scripts/image/leave_out.py scripts/image/licences.py scripts/image/
COPY requirements/build.txt requirements/run.txt requirements/sbom.txt requirements/
RUN scripts/image/packages.sh

# The compiled kernel, by a compiler that stays in this stage.
FROM packages AS kernel
COPY requirements/compiler.txt requirements/
COPY scripts/image/kernel.sh scripts/image/
COPY setup.py ./
COPY app/pipeline/divided/compiled/one_pass.c app/pipeline/divided/compiled/
RUN scripts/image/kernel.sh kernel

# This package, in a tree of its own that is laid over /opt/venv below: a change in app/ makes one small layer anew.
FROM packages AS build
COPY scripts/image/app.sh scripts/image/
COPY pyproject.toml README.md LICENSE ./
COPY conf conf
COPY docs docs
COPY app app
COPY --from=kernel /build/kernel kernel
RUN scripts/image/app.sh /opt/app

# What the CRDS cache is made with, apart from the rest: a change elsewhere in app/ does not make it anew.
FROM packages AS crds-sources
COPY . all
WORKDIR /build/all
RUN mkdir ../crds \
    && cp -r --parents scripts/image scripts/crds_cache.py app/__init__.py app/observation/__init__.py app/runtime/__init__.py \
        app/observation/bands.py app/runtime/errors.py app/runtime/files.py app/runtime/progress.py app/crds ../crds \
    && if [ -d crds-cache ]; then cp -r crds-cache ../crds; fi

# The CRDS cache: crds-cache/ of the build context, or a made-up one; no cache, no image.
FROM packages AS crds
ARG CRDS=pinned
ARG CRDS_CONTEXT=jwst_1584.pmap
COPY --from=crds-sources /build/crds .
RUN scripts/image/references.sh "${CRDS}" "${CRDS_CONTEXT}"

# The tests, with the image's Python and packages: docker build --target test.
FROM packages AS test
COPY requirements requirements
RUN tools/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-build-isolation --require-hashes \
        -r requirements/dev.txt
COPY . .
COPY --from=kernel /build/kernel .
RUN tools/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-build-isolation --no-deps --editable .
ENV PATH=/opt/venv/bin:$PATH
CMD ["python", "-m", "pytest", "-m", "not container and not slurm and not bench"]

FROM ${BASE_IMAGE} AS final
COPY --from=packages /opt/bytecode /
COPY --from=packages /opt/venv /opt/venv
COPY --from=crds /opt/crds /opt/crds
COPY --from=build /opt/app /opt/venv

ARG CRDS=pinned
ARG CRDS_CONTEXT=jwst_1584.pmap
# LV3_CRDS: the config group crds that is the default here. LOGNAME: jwst asks for the user's name, and any uid may run
# this. HOME and MPLCONFIGDIR: the only place that can be written to where the image is read-only.
ENV PATH=/opt/venv/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONNOUSERSITE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONHASHSEED=0 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    LOGNAME=lv3 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    LV3_CRDS=${CRDS} \
    CRDS_PATH=/opt/crds \
    CRDS_CONTEXT=${CRDS_CONTEXT} \
    CRDS_SERVER_URL=https://jwst-serverless-mode.stsci.edu \
    CRDS_OBSERVATORY=jwst \
    CRDS_READONLY_CACHE=1
WORKDIR /data
USER 1000:1000
ENTRYPOINT ["jwst-lv3"]
CMD ["--help"]

ARG VERSION=unknown
ARG REVISION=unknown
ARG JWST_VERSION=3.0.0
LABEL org.opencontainers.image.title="jwst-lv3" \
      org.opencontainers.image.description="Level-3 mosaics from JWST images" \
      org.opencontainers.image.licenses="BSD-3-Clause" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      edu.stsci.jwst.version="${JWST_VERSION}" \
      edu.stsci.crds.context="${CRDS_CONTEXT}"
