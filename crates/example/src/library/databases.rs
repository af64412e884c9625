//! `library/postgres` and `library/redis`.

use super::{AMD64, ARM, ARM64, I386, S390X, family::Family, triple};
use crate::{
    build::Build,
    document::Dialect,
    files::Files,
    series::{ALL, Alias, Job, Release, Series},
};

pub(super) fn jobs() -> Vec<Job> {
    // PostgreSQL counts in two numbers: 16.4 is a patch of 16.
    let postgres = |minors, first, last, aliases, signed| Family {
        repository: "library/postgres",
        description: "The world’s most advanced open source relational database",
        licenses: "PostgreSQL",
        series: Series { name: "postgres", minors, first, last, prefix: "", aliases },
        platforms: &[AMD64, ARM64, ARM],
        on: Some("debian"),
        dialect: Dialect::Oci,
        is_base: false,
        signed,
        build: build_postgres,
    };
    let redis = Family {
        repository: "library/redis",
        description: "An in-memory data store used as a cache, database and message broker",
        licenses: "BSD-3-Clause",
        series: Series {
            name: "redis",
            minors: &[("6.2", 3), ("7.0", 3), ("7.2", 5), ("7.4", 3)],
            first: 710.0,
            last: 9.0,
            prefix: "",
            aliases: ALL,
        },
        platforms: &[AMD64, ARM64, I386, S390X],
        on: Some("alpine"),
        dialect: Dialect::Oci,
        is_base: false,
        signed: 3,
        build: build_redis,
    };
    [
        postgres(&[("14", 5)], 720.0, 60.0, &[Alias::Major], 0).jobs(),
        postgres(&[("15", 7)], 700.0, 31.0, &[Alias::Major], 1).jobs(),
        postgres(&[("16", 9)], 420.0, 3.0, &[Alias::Major, Alias::Latest], 2).jobs(),
        redis.jobs(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const POSTGRES_ENTRYPOINT: &str = r#"#!/usr/bin/env bash
set -Eeo pipefail

if [ "$1" = 'postgres' ] && [ "$(id -u)" = '0' ]; then
	mkdir -p "$PGDATA"
	chown -R postgres "$PGDATA"
	exec gosu postgres "$BASH_SOURCE" "$@"
fi
exec "$@"
"#;

const POSTGRES_SAMPLE: &str = "# The values here are the defaults.
listen_addresses = '*'
max_connections = 100
shared_buffers = 128MB
dynamic_shared_memory_type = posix
max_wal_size = 1GB
min_wal_size = 80MB
log_timezone = 'Etc/UTC'
";

fn build_postgres(build: Build, release: &Release, platform: &'static str) -> Build {
    let (version, major) = (release.version.clone(), release.major.clone());
    build
        .run(
            "set -eux; groupadd -r postgres --gid=999; useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres",
            "postgres user",
            || Files::new().text("etc/group", "root:x:0:\nshadow:x:42:\npostgres:x:999:\n").directory("var/lib/postgresql").owner(999),
        )
        .env("GOSU_VERSION=1.17")
        .run(
            "set -eux; dpkgArch=\"$(dpkg --print-architecture | awk -F- '{ print $NF }')\"; wget -O /usr/local/bin/gosu \"https://mirror.example.com/gosu/$GOSU_VERSION/gosu-$dpkgArch\"; chmod +x /usr/local/bin/gosu; gosu --version",
            format!("gosu {platform}"),
            move || Files::new().program("usr/local/bin/gosu", &format!("gosu {platform}"), 34_000),
        )
        .env("LANG=en_US.utf8")
        .env(&format!("PG_MAJOR={major}"))
        .env(&format!("PG_VERSION={version}-1.pgdg120+1"))
        .run(
            "set -ex; apt-get update; apt-get install -y --no-install-recommends postgresql-$PG_MAJOR=$PG_VERSION; rm -rf /var/lib/apt/lists/*",
            format!("postgres {version} {platform}"),
            move || {
                let of = |name: &str| format!("{name} {version} {platform}");
                Files::new()
                    .symlink("etc/postgresql", "/var/lib/postgresql/data")
                    .program(format!("usr/lib/postgresql/{major}/bin/initdb"), &of("initdb"), 8_000)
                    .program(format!("usr/lib/postgresql/{major}/bin/pg_dump"), &of("pg_dump"), 17_000)
                    .program(format!("usr/lib/postgresql/{major}/bin/postgres"), &of("postgres"), 168_000)
                    .program(format!("usr/lib/postgresql/{major}/bin/psql"), &of("psql"), 28_000)
                    .program(format!("usr/lib/{}/libpq.so.5", triple(platform)), &of("libpq"), 13_000)
                    .text(format!("usr/share/postgresql/{major}/postgresql.conf.sample"), POSTGRES_SAMPLE)
            },
        )
        .env("PGDATA=/var/lib/postgresql/data")
        .volume("/var/lib/postgresql/data")
        .copy("COPY docker-entrypoint.sh docker-ensure-initdb.sh /usr/local/bin/", "postgres entrypoint", || {
            Files::new()
                .text("usr/local/bin/docker-ensure-initdb.sh", "#!/usr/bin/env bash\nset -Eeuo pipefail\nsource docker-entrypoint.sh\n")
                .mode(0o755)
                .text("usr/local/bin/docker-entrypoint.sh", POSTGRES_ENTRYPOINT)
                .mode(0o755)
        })
        .entrypoint(&["docker-entrypoint.sh"])
        .stop_signal("SIGINT")
        .expose(&["5432/tcp"])
        .cmd(&["postgres"])
}

fn build_redis(build: Build, release: &Release, platform: &'static str) -> Build {
    let version = release.version.clone();
    build
        .run("addgroup -S -g 1000 redis && adduser -S -G redis -u 999 redis", "redis user", || {
            Files::new().text("etc/group", "root:x:0:root\nredis:x:1000:\n").directory("data").owner(999)
        })
        .env(&format!("REDIS_VERSION={version}"))
        .run(
            "set -eux; wget -O redis.tar.gz \"$REDIS_DOWNLOAD_URL\"; make -C /usr/src/redis -j \"$(nproc)\" all; make -C /usr/src/redis install; redis-server --version",
            format!("redis {version} {platform}"),
            move || {
                Files::new()
                    .program("usr/local/bin/redis-cli", &format!("redis-cli {version} {platform}"), 17_000)
                    .program("usr/local/bin/redis-server", &format!("redis {version} {platform}"), 67_000)
                    .symlink("usr/local/bin/redis-sentinel", "redis-server")
                    .text("etc/redis/redis.conf", "bind * -::*\nprotected-mode no\nport 6379\nappendonly no\ndir /data\n")
            },
        )
        .volume("/data")
        .workdir("/data")
        .expose(&["6379/tcp"])
        .cmd(&["redis-server"])
}
