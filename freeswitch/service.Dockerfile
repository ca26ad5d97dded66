# The service. Built from the repository's root: docker build -f freeswitch/service.Dockerfile .
FROM python:3.12-slim AS build
WORKDIR /opt/ivr-fsm
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY src src
RUN .venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
# The Russian voice that the recordings have; without it eSpeak NG speaks the names. Debian keeps it in non-free.
RUN sed -i 's/^Components: main$/Components: main non-free/' /etc/apt/sources.list.d/debian.sources \
    && apt-get update \
    && apt-get install --yes --no-install-recommends rhvoice rhvoice-russian \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/ivr-fsm/.venv /opt/ivr-fsm/.venv
# FreeSWITCH, another user in another container, reads the speech and writes the recordings, which the service
# removes when they are old: the folders are the volumes' first content.
RUN useradd --system --uid 10001 --no-create-home ivr \
    && install --directory --owner=ivr --mode=0755 /srv/ivr/speech \
    && install --directory --owner=ivr --mode=0777 /srv/ivr/recordings
ENV PATH=/opt/ivr-fsm/.venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /srv/ivr
USER 10001
CMD ["ivr-fsm", "serve"]
