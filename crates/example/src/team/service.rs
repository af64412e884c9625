//! `team/api`, `team/worker` and the nightly batches: programs that wait for work, on Debian.

use super::application::Application;
use crate::{
    Error, attached,
    build::Build,
    files::Files,
    library::{AMD64, ARM, ARM64},
    maker::Maker,
    seed,
    series::{ALL, Job, Release, Series},
};
use std::fmt::Write;

const API: Application = Application {
    name: "api",
    team: "payments",
    description: "Payments API: accepts, routes and settles card payments",
    licenses: "Apache-2.0",
    on: "debian",
    platforms: &[AMD64, ARM64, ARM],
    build: |build, application, release, platform| service(build, application, release, platform, 8080),
};

const WORKER: Application = Application {
    name: "worker",
    description: "Settlement and mail queues",
    platforms: &[AMD64, ARM64],
    build: |build, application, release, platform| service(build, application, release, platform, 8081),
    ..API
};

const IMPORT: Application = Application {
    name: "import",
    team: "ledger",
    description: "Reads bank statements every night",
    platforms: &[AMD64],
    build: |build, application, release, platform| service(build, application, release, platform, 8090),
    ..API
};

const EXPORT: Application = Application { name: "export", description: "Writes the ledger for the auditors", ..IMPORT };

const API_MINORS: &[(&str, u32)] = &[
    ("1.0", 2),
    ("1.1", 1),
    ("1.2", 2),
    ("1.3", 1),
    ("1.4", 2),
    ("2.0", 3),
    ("2.1", 1),
    ("2.2", 1),
    ("2.3", 2),
    ("2.4", 1),
    ("2.5", 2),
    ("2.6", 1),
    ("2.7", 2),
    ("2.8", 3),
    ("2.9", 1),
    ("2.10", 2),
    ("2.11", 3),
    ("2.12", 2),
    ("2.13", 5),
    ("2.14", 1),
];

pub(super) fn jobs() -> Vec<Job> {
    let api = Series { name: "api", minors: API_MINORS, first: 724.0, last: 0.006, prefix: "v", aliases: ALL };
    let worker = Series {
        name: "worker",
        minors: &[("2.8", 3), ("2.9", 2), ("2.10", 2), ("2.11", 3), ("2.12", 3), ("2.13", 9)],
        first: 420.0,
        last: 0.13,
        ..api
    };
    let import = Series { name: "import", minors: &[("0.9", 2), ("1.0", 3), ("1.1", 2)], first: 380.0, last: 6.0, prefix: "", ..api };
    let export = Series { name: "export", ..import };
    let mut jobs = api.jobs("team/api", push_api);
    jobs.extend(candidates());
    jobs.extend(worker.jobs("team/worker", push_worker));
    jobs.extend(import.jobs("team/batch/import", |maker, release| IMPORT.push(maker, &release, false).map(drop)));
    jobs.extend(export.jobs("team/batch/export", |maker, release| EXPORT.push(maker, &release, false).map(drop)));
    jobs
}

/// The newer a release, the more is known of it.
fn push_api(maker: &mut Maker<'_>, release: Release) -> Result<(), Error> {
    let pushed = API.push(maker, &release, release.behind < 13)?;
    if release.behind < 4 {
        attached::cosign(maker, &pushed.descriptor)?;
    }
    if release.behind < 3 {
        attached::spdx(maker, &pushed.descriptor, &release.version)?;
    }
    if release.behind == 0 {
        attached::cyclonedx(maker, &pushed.descriptor, &release.version)?;
        attached::provenance(maker, &pushed.descriptor, &pushed.origin)?;
        attached::notation(maker, &pushed.descriptor)?;
    }
    Ok(())
}

/// Pre-releases, and an image for each pull request.
fn candidates() -> Vec<Job> {
    let candidate = |version: &str, days, tags: &[&str], platforms| {
        let release = Release::single(version, days, tags);
        let application = Application { platforms, ..API };
        Job::new("team/api", days, move |maker| application.push(maker, &release, false).map(drop))
    };
    let mut jobs = vec![
        candidate("2.14.0-rc.1", 2.4, &["v2.14.0-rc.1", "next"], API.platforms),
        candidate("2.15.0-rc.1", 0.3, &["v2.15.0-rc.1", "next"], API.platforms),
    ];
    for request in 401..=418_u32 {
        let days = f64::from(419 - request) * 1.7;
        let tag = format!("pr-{request}");
        // What the first push to the request made lost its tag to the second.
        if request % 3 == 0 {
            jobs.push(candidate(&format!("2.15.0-pr.{request}.1"), days + 0.4, &[&tag], &[AMD64]));
        }
        jobs.push(candidate(&format!("2.15.0-pr.{request}"), days, &[&tag], &[AMD64]));
    }
    jobs
}

fn push_worker(maker: &mut Maker<'_>, release: Release) -> Result<(), Error> {
    let pushed = WORKER.push(maker, &release, release.behind == 0)?;
    if release.behind == 0 {
        attached::cosign(maker, &pushed.descriptor)?;
        attached::provenance(maker, &pushed.descriptor, &pushed.origin)?;
    }
    Ok(())
}

/// Programs grow.
fn size(release: &Release) -> usize {
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let mut parts = release.version.split('.');
    let (major, minor) = (number(parts.next()), number(parts.next()));
    40_000 + (major * 12 + minor) * 2_000 + (seed::share(&release.version) * 4_000.0) as usize
}

const MIGRATION: &str = "create table payment (
    id uuid primary key,
    account bigint not null references account,
    amount numeric(18, 2) not null,
    settled_at timestamptz
);
";

fn settings(name: &str, port: u16) -> String {
    format!(
        "# {name}\nlisten = \"0.0.0.0:{port}\"\nmetrics = \"0.0.0.0:9090\"\n\n[database]\nurl_file = \"/run/secrets/database\"\npool = 16\n\n[log]\nformat = \"json\"\n"
    )
}

fn service(build: Build, application: Application, release: &Release, platform: &'static str, port: u16) -> Build {
    let Application { name, .. } = application;
    let (version, minor) = (release.version.clone(), release.minor.clone());
    let length = size(release);
    let build = build
        .arg("DEBIAN_FRONTEND=noninteractive")
        .run(
            "apt-get update && apt-get install -y --no-install-recommends ca-certificates curl tini && rm -rf /var/lib/apt/lists/*",
            format!("service tools {platform}"),
            move || {
                Files::new()
                    .text("etc/ssl/certs/ca-certificates.crt", "# The certificates of an example.\n".repeat(300))
                    .symlink("etc/ssl/cert.pem", "certs/ca-certificates.crt")
                    .program("usr/bin/curl", &format!("curl {platform}"), 63_000)
                    .program("usr/bin/tini", &format!("tini {platform}"), 6_000)
            },
        )
        .run(
            "groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app",
            "service user",
            || {
                Files::new()
                    .text("etc/group", "root:x:0:\nshadow:x:42:\napp:x:10001:\n")
                    .text("etc/passwd", "root:x:0:0:root:/root:/bin/bash\napp:x:10001:10001::/home/app:/usr/sbin/nologin\n")
            },
        )
        .env(&format!("PORT={port}"))
        .env("RUST_LOG=info,sqlx=warn")
        .env("TZ=UTC")
        .workdir("/app")
        .copy(&format!("COPY --from=build /deps /usr/lib/{name}"), format!("{name} libraries {} {platform}", release.major), {
            let major = release.major.clone();
            move || {
                Files::new()
                    .program(format!("usr/lib/{name}/libpayments.so.{major}"), &format!("{name} libpayments {major} {platform}"), 210_000)
                    .symlink(format!("usr/lib/{name}/libpayments.so"), format!("libpayments.so.{major}"))
            }
        })
        .copy(&format!("COPY --from=build /src/target/release/{name} /usr/local/bin/"), format!("{name} {version} {platform}"), move || {
            Files::new().program(format!("usr/local/bin/{name}"), &format!("{name} {version} {platform}"), length)
        })
        .copy(&format!("COPY --chown=app:app {name}.toml /etc/{name}.toml"), format!("{name} settings"), move || {
            Files::new().text(format!("etc/{name}.toml"), settings(name, port)).owner(10001)
        })
        .copy("COPY --chown=app:app migrations /app/migrations", format!("{name} migrations {minor}"), move || {
            Files::new()
                .text(
                    "app/migrations/0001_accounts.sql",
                    "create table account (\n    id bigint primary key,\n    name text not null\n);\n",
                )
                .owner(10001)
                .text("app/migrations/0002_payments.sql", format!("-- as of {minor}\n{MIGRATION}"))
                .owner(10001)
        });
    let build = if name == "api" { assets(build, release) } else { build };
    build
        .volume("/app/data")
        .user("10001:10001")
        .expose(&["9090/tcp", &format!("{port}/tcp")])
        .healthcheck(&format!("curl -fsS http://127.0.0.1:{port}/healthz || exit 1"))
        .stop_signal("SIGTERM")
        .entrypoint(&["/usr/bin/tini", "--", &format!("/usr/local/bin/{name}")])
        .cmd(&["serve"])
}

/// Pages for people, and a log that was removed one layer too late.
fn assets(build: Build, release: &Release) -> Build {
    let major = release.major.clone();
    build
        .copy("COPY --from=pages /out /srv", format!("api assets {major}"), move || {
            let mut log = String::new();
            for line in 0..1500 {
                let _ = writeln!(log, "[{line:4}] compiled pages/{}.html", seed::hex(&format!("page {major} {line}"), 12));
            }
            Files::new()
                .text("srv/assets/docs.css", "body { max-width: 72rem; margin: auto; font: 1rem/1.5 system-ui }\n")
                .text("srv/assets/docs.html", format!("<!doctype html>\n<title>Payments API {major}</title>\n<link rel=stylesheet href=docs.css>\n<main>POST /payments</main>\n"))
                .packed("srv/assets/logo.png", "api logo", 24_000)
                .text("srv/build.log", log)
        })
        .run("rm -f /srv/build.log", "api without its log", || Files::new().removed("srv/build.log"))
}
