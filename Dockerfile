# One image holds one process's packages: docker build --build-arg PACKAGES="xianban-parking" …
# (docs/operations/images.md; `make images` builds all). BASE_IMAGE has python3 ≥ 3.11 with venv; where no
# registry is reached, it is made locally (tools/docker_local.sh).
ARG BASE_IMAGE=docker.io/library/python:3.13-slim

# What all images share, a layer that changes with the lock file alone: the SDK's dependencies.
# hadolint ignore=DL3006 # the tag is in the argument
FROM ${BASE_IMAGE} AS shared
ARG UV_VERSION=0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/xianban UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /src
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --quiet uv==${UV_VERSION}
COPY pyproject.toml uv.lock ./
COPY protos/pyproject.toml protos/
COPY sdk/pyproject.toml sdk/
# Babel brings 30 MB of languages; the suite speaks two.
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --package xianban-sdk --no-install-workspace \
    && find /opt/xianban -path '*babel/locale-data/*' ! -name 'root.dat' ! -name 'zh*' ! -name 'en*' -delete \
    && /opt/xianban/bin/python -m compileall -q /opt/xianban/lib

FROM shared AS own
COPY protos protos
COPY sdk sdk
COPY services services
COPY gateway gateway
COPY plugins plugins
ARG PACKAGES="xianban-parking"
ARG WITHOUT=""
# Packages are installed, not linked: the sources stay behind. What is in the image is told beside it.
# Only what this adds to the shared layer goes on.
RUN set -e; named=""; for one in ${PACKAGES}; do named="$named --package $one"; done; \
    left=""; kept=""; for one in ${WITHOUT}; do left="$left --no-install-package $one"; kept="$kept --no-emit-package $one"; done; \
    touch /src/stamp; \
    /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-editable --inexact $named $left; \
    /opt/xianban/bin/python -m compileall -q /opt/xianban/lib; \
    /opt/uv/bin/uv export --quiet --frozen --no-dev --format cyclonedx1.5 $named $kept \
      --output-file /opt/xianban/sbom.cdx.json >/dev/null; \
    mkdir -p /made/var/lib/xianban/mqtt /made/run/xianban; chown -R 10001:10001 /made/var/lib/xianban /made/run/xianban; \
    find /opt/xianban -cnewer /src/stamp ! -type d -print0 > /src/added; \
    tar -c --null -T /src/added -f /src/added.tar 2>/dev/null; tar -x -C /made -f /src/added.tar

# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Xianban 贤办" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=shared /opt/xianban /opt/xianban
COPY --from=own /made /
# HOME is somewhere that can be written: the root is mounted read-only.
ENV PATH=/opt/xianban/bin:$PATH HOME=/tmp \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    XIANBAN_DATA=/var/lib/xianban XIANBAN_RUN=/run/xianban/own XIANBAN_PIN=0
USER 10001:10001
WORKDIR /var/lib/xianban
ENTRYPOINT ["/opt/xianban/bin/xianban"]
CMD ["--help"]
