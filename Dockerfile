# The official image of PostgreSQL with github_sync in it.
#
#	docker build -t postgres-github-sync .
#	docker run -e POSTGRES_PASSWORD=... postgres-github-sync
#
# Then CREATE EXTENSION comment_sync_transaction CASCADE, see README.md. A command
# of your own needs -c shared_preload_libraries=github_sync like the one below.
ARG POSTGRES=17-trixie

FROM postgres:${POSTGRES} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
	gcc make libc6-dev libcurl4-openssl-dev libcjson-dev libssl-dev postgresql-server-dev-$PG_MAJOR
COPY . /src
RUN make -C /src -j"$(nproc)" with_llvm=no PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
RUN make -C /src install with_llvm=no PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config DESTDIR=/staged

FROM postgres:${POSTGRES}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libcurl4t64 libcjson1 && \
	rm -rf /var/lib/apt/lists/*
COPY --from=build /staged /
CMD ["postgres", "-c", "shared_preload_libraries=github_sync"]
