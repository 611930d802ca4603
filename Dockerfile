# syntax=docker/dockerfile:1
# The service without torch. Build: docker build -t triage .
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/triage
# Requirements first: they change less often than the sources, so their layer is built seldom.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > requirements.txt \
    && /opt/triage/bin/pip install --constraint constraints.txt --requirement requirements.txt
COPY README.md LICENSE hatch_build.py ./
COPY triage triage
COPY training training
COPY api api
COPY datasets datasets
COPY models models
RUN /opt/triage/bin/pip install --constraint constraints.txt ".[otel]" \
    # The wheel carries the models; they belong where they can be replaced.
    && mv /opt/triage/lib/python3.11/site-packages/triage/shipped/models /srv/models

FROM python:3.11-slim
RUN groupadd --gid 10001 triage \
    && useradd --uid 10001 --gid triage --no-create-home --shell /usr/sbin/nologin triage \
    && install --directory --owner triage --group triage /var/lib/triage /var/lib/triage/state /var/lib/triage/kb
COPY --from=build /opt/triage /opt/triage
COPY --from=build --chown=triage:triage /srv/models /var/lib/triage/models
ENV PATH=/opt/triage/bin:$PATH \
    PYTHONUTF8=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRIAGE_HOST=0.0.0.0 \
    TRIAGE_PORT=8000 \
    TRIAGE_LOG_FORMAT=json \
    TRIAGE_MODELS_DIR=/var/lib/triage/models
USER 10001:10001
WORKDIR /var/lib/triage
VOLUME ["/var/lib/triage/state"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"TRIAGE_PORT\"]}/health/ready', timeout=2)"]
ENTRYPOINT ["triage"]
CMD ["serve"]
