# One image holds one process's packages: docker build --build-arg PACKAGES="xianban-parking" …
# (docs/operations/images.md; `make images` builds all). BASE_IMAGE has python3 ≥ 3.11 with venv; where no
# registry is reached, it is made locally.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim

# hadolint ignore=DL3006 # the tag is in the argument
FROM ${BASE_IMAGE} AS build
ARG UV_VERSION=0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/xianban UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /src
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --quiet uv==${UV_VERSION}
COPY pyproject.toml uv.lock ./
COPY protos protos
COPY sdk sdk
COPY services services
COPY gateway gateway
COPY plugins plugins
ARG PACKAGES="xianban-parking"
# Packages are installed, not linked: the sources stay behind. What is in the image is told beside it.
RUN set -e; named=""; for one in ${PACKAGES}; do named="$named --package $one"; done; \
    /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-editable --compile-bytecode $named; \
    /opt/uv/bin/uv export --quiet --frozen --no-dev --format cyclonedx1.5 $named \
      --output-file /opt/xianban/sbom.cdx.json >/dev/null; \
    mkdir -p /made/var/lib/xianban /made/run/xianban; chown -R 10001:10001 /made

# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Xianban 贤办" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/xianban /opt/xianban
COPY --from=build /made /
# HOME is somewhere that can be written: the root is mounted read-only.
ENV PATH=/opt/xianban/bin:$PATH HOME=/tmp \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    XIANBAN_DATA=/var/lib/xianban XIANBAN_RUN=/run/xianban/own XIANBAN_PIN=0
USER 10001:10001
WORKDIR /var/lib/xianban
ENTRYPOINT ["/opt/xianban/bin/xianban"]
CMD ["--help"]
