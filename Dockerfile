# One image for web, live, worker and beat; docker-compose.yml says which is which.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# The static files are part of the image. Collecting them asks no database and keeps no key.
RUN DATABASE_URL=postgresql://none REDIS_URL=redis://none SECRET_KEY=only-while-the-image-is-built-0123456789 \
    VMO_HOME=/tmp/home STATIC_ROOT=/static /venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.12-slim
# git: the connector for Git repositories keeps mirror clones. Pango, HarfBuzz and a font: the overview as PDF.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        git libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /home/vmo --uid 10001 vmo \
    && install --directory --owner vmo --group vmo /data
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    VMO_HOME=/data STATIC_ROOT=/static HOST=0.0.0.0 PORT=8000 LIVE_PORT=8001
USER vmo
VOLUME /data
EXPOSE 8000 8001
CMD ["gunicorn", "vmo.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--preload", "--workers", "2", "--threads", "4", "--no-control-socket"]
