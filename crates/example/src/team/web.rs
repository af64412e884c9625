//! `team/web`: the shop front, on Alpine, with a build every night whose tag moves on.

use super::application::Application;
use crate::{
    Error, attached,
    build::Build,
    files::Files,
    library::AMD64,
    maker::Maker,
    series::{ALL, Job, Release, Series},
};

const WEB: Application = Application {
    name: "web",
    team: "storefront",
    description: "Shop front, server-rendered",
    licenses: "MIT",
    on: "alpine",
    platforms: &[AMD64],
    build,
};

pub(super) fn jobs() -> Vec<Job> {
    let series = Series {
        name: "web",
        minors: &[("7.0", 3), ("7.1", 2), ("8.0", 4), ("8.1", 3), ("8.2", 2), ("9.0", 5), ("9.1", 3)],
        first: 718.0,
        last: 0.05,
        prefix: "v",
        aliases: ALL,
    };
    let mut jobs = series.jobs("team/web", push);
    for night in 1..=14_u32 {
        let days = f64::from(night) - 0.4;
        let release = Release::single(format!("9.2.0-nightly.{}", 1000 - night), days, &["nightly"]);
        jobs.push(Job::new("team/web", days, move |maker| WEB.push(maker, &release, false).map(drop)));
    }
    let beta = Release::single("9.2.0-beta.1", 3.2, &["v9.2.0-beta.1"]);
    jobs.push(Job::new("team/web", beta.days, move |maker| WEB.push(maker, &beta, false).map(drop)));
    jobs
}

fn push(maker: &mut Maker<'_>, release: Release) -> Result<(), Error> {
    let pushed = WEB.push(maker, &release, false)?;
    if release.behind < 3 {
        attached::bundle(maker, &pushed.descriptor)?;
    }
    Ok(())
}

fn build(build: Build, _web: Application, release: &Release, _platform: &'static str) -> Build {
    let Release { version, minor, major, .. } = release.clone();
    build
        .run("apk add --no-cache nodejs tini", format!("web node {major}"), {
            let major = major.clone();
            move || Files::new().program("usr/bin/node", &format!("web node {major}"), 490_000).program("sbin/tini", "web tini", 6_000)
        })
        .env("NODE_ENV=production")
        .env("PORT=3000")
        .workdir("/srv")
        .copy("COPY package.json package-lock.json ./", format!("web packages {major}"), move || {
            let dependencies = "\"express\": \"^5.1.0\",\n    \"preact\": \"^10.26.0\",\n    \"undici\": \"^7.10.0\"";
            let package = format!("{{\n  \"name\": \"web\",\n  \"version\": \"{major}.0.0\",\n  \"private\": true,\n  \"dependencies\": {{\n    {dependencies}\n  }}\n}}\n");
            Files::new().text("srv/package.json", package).text("srv/package-lock.json", "{\n  \"lockfileVersion\": 3\n}\n")
        })
        .run("npm ci --omit=dev", format!("web modules {minor}"), move || {
            let mut files = Files::new();
            for module in ["express", "preact", "undici"] {
                files = files
                    .text(format!("srv/node_modules/{module}/package.json"), format!("{{ \"name\": \"{module}\", \"license\": \"MIT\" }}\n"))
                    .program(format!("srv/node_modules/{module}/dist/index.js"), &format!("{module} {minor}"), 28_000)
                    .mode(0o644);
            }
            files
        })
        .copy("COPY dist ./dist", format!("web {version}"), move || {
            Files::new()
                .text("srv/dist/app.css", "main { max-width: 72rem; margin: auto }\n")
                .text("srv/dist/app.js", format!("// {version}\n{}", "export const price = (cents) => (cents / 100).toFixed(2);\n".repeat(400)))
                .text("srv/dist/index.html", "<!doctype html>\n<title>Shop</title>\n<main>Everything you need.</main>\n")
                .packed("srv/dist/hero.webp", &format!("hero {version}"), 30_000)
        })
        .user("node")
        .expose(&["3000/tcp"])
        .cmd(&["node", "dist/server.js"])
}
