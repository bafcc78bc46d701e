# GPU image:  docker build -t spectramind .
# CPU image:  docker build -t spectramind:cpu --build-arg BASE=python:3.11-slim .
#             (add --build-arg PIP_EXTRA_INDEX_URL=… where pip must be shown torch's CPU build)
# Run:        docker run --rm --gpus all -v "$PWD:/workspace" spectramind train experiment=demo
ARG BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04
FROM ${BASE}

# The build of torch is the user's choice; everything else follows poetry.lock.
ARG TORCH_SPEC=torch==2.13.0
ARG PIP_EXTRA_INDEX_URL

RUN command -v python3 >/dev/null || { \
        apt-get update \
        && apt-get install -y --no-install-recommends python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    }
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv

# torch is the large layer and changes least: it comes before the sources.
COPY constraints.txt /build/
RUN pip install --constraint /build/constraints.txt "${TORCH_SPEC}"

COPY . /build/
RUN pip install --constraint /build/constraints.txt "/build[dask,dvc]" && rm -rf /build

RUN useradd --create-home spectramind && mkdir /workspace && chown spectramind /workspace
USER spectramind
WORKDIR /workspace
ENTRYPOINT ["spectramind"]
CMD ["--help"]
