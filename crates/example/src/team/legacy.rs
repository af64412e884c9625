//! `team/legacy`: what should not have been built this way. Files are written twice, removed too late, and there twice;
//! keys stay in a lower layer (they stand for keys: there is no secret here).

use super::application::Application;
use crate::{
    build::Build,
    files::Files,
    library::AMD64,
    series::{Alias, Job, Release, Series},
};

const LEGACY: Application = Application {
    name: "legacy",
    team: "ledger",
    description: "The ledger’s first web interface; to be retired",
    licenses: "LicenseRef-Proprietary",
    on: "debian",
    platforms: &[AMD64],
    build,
};

pub(super) fn jobs() -> Vec<Job> {
    let series = Series { name: "legacy", minors: &[("3.1", 3)], first: 715.0, last: 501.0, prefix: "", aliases: &[Alias::Latest] };
    series.jobs("team/legacy", |maker, release| LEGACY.push(maker, &release, false).map(drop))
}

const KEY: &str = "-----BEGIN EXAMPLE KEY-----
This is no key. It stands for one that was removed one layer too late.
-----END EXAMPLE KEY-----
";

const ENVIRONMENT: &str = "# For the migration only, do not ship!
DATABASE_URL=postgres://ledger@db.example.com/ledger
LEDGER_TOKEN=example-token-that-opens-nothing-0000000000
";

fn build(build: Build, _legacy: Application, release: &Release, _platform: &'static str) -> Build {
    let source = release.version.clone();
    let chmod = release.version.clone();
    let dump = release.minor.clone();
    build
        .copy("COPY . /opt/ledger", format!("legacy source {source}"), move || {
            let jar = format!("legacy jar {source}");
            Files::new()
                .packed("opt/ledger/.git/objects/pack/pack-1.pack", "legacy history", 240_000)
                .program("opt/ledger/app.jar", &jar, 260_000)
                .mode(0o644)
                // The same once more, under another name.
                .program("opt/ledger/app.jar.bak", &jar, 260_000)
                .mode(0o644)
                .packed("opt/ledger/cache/a.bin", "legacy cache a", 48_000)
                .packed("opt/ledger/cache/b.bin", "legacy cache b", 48_000)
                .text("opt/ledger/id_ed25519", KEY)
                .mode(0o600)
                .text("opt/ledger/ledger.properties", "server.port=8443\nserver.threads=200\nlog.level=WARN\n")
        })
        .run("chmod -R g+rX /opt/ledger", format!("legacy chmod {chmod}"), move || {
            Files::new()
                .packed("opt/ledger/.git/objects/pack/pack-1.pack", "legacy history", 240_000)
                .mode(0o775)
                .program("opt/ledger/app.jar", &format!("legacy jar {chmod}"), 260_000)
                .mode(0o775)
        })
        .run("wget -q -O /opt/ledger/dump.sql.gz https://files.example.com/ledger/dump.sql.gz", format!("legacy dump {dump}"), move || {
            Files::new().packed("opt/ledger/dump.sql.gz", &format!("legacy dump {dump}"), 1_200_000)
        })
        .copy("COPY .env /opt/ledger/.env", "legacy environment", || Files::new().text("opt/ledger/.env", ENVIRONMENT).mode(0o600))
        .run(
            "/opt/ledger/migrate.sh && rm -rf /opt/ledger/.env /opt/ledger/.git /opt/ledger/dump.sql.gz /opt/ledger/id_ed25519",
            "legacy rm",
            || {
                Files::new()
                    .removed("opt/ledger/.env")
                    .removed("opt/ledger/.git")
                    .removed("opt/ledger/dump.sql.gz")
                    .removed("opt/ledger/id_ed25519")
            },
        )
        .run("rm -rf /opt/ledger/cache && mkdir /opt/ledger/cache", "legacy cache", || Files::new().emptied("opt/ledger/cache"))
        .env("JAVA_OPTS=-Xmx512m")
        .label("maintainer", "nobody")
        .expose(&["8443/tcp"])
        .cmd(&["java", "-jar", "/opt/ledger/app.jar"])
}
