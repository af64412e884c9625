//! `tools/…`: a command line for three systems, and approvals, which are artifacts without any file.

use crate::{
    Error,
    build::Build,
    document::{Dialect, about},
    files::Files,
    library::{AMD64, ARM64},
    maker::{Artifact, Maker},
    seed,
    series::{ALL, Job, Release, Series},
};

const WINDOWS: &str = "windows/amd64";

pub(crate) fn jobs() -> Vec<Job> {
    let ferry = Series { name: "ferry", minors: &[("0.8", 2), ("0.9", 3), ("1.0", 2)], first: 260.0, last: 4.5, prefix: "v", aliases: ALL };
    let mut jobs = ferry.jobs("tools/ferry", |maker, release| push_ferry(maker, &release, &[AMD64, ARM64, WINDOWS]));
    for night in 1..=5_u32 {
        let days = f64::from(night) - 0.2;
        let release = Release::single(format!("1.1.0-nightly.{}", 300 - night), days, &["nightly"]);
        jobs.push(Job::new("tools/ferry", days, move |maker| {
            // 2026-11-25T… is nightly-20261125.
            let date: String = maker.created().chars().take(10).filter(char::is_ascii_digit).collect();
            let mut release = release;
            release.tags.push(format!("nightly-{date}"));
            push_ferry(maker, &release, &[AMD64, ARM64])
        }));
    }
    for (release, days) in [("v2.12", 160.0), ("v2.13", 110.0), ("v2.14", 2.3)] {
        jobs.push(Job::new("tools/approvals", days, move |maker| approve(maker, release)));
    }
    jobs
}

fn push_ferry(maker: &mut Maker<'_>, release: &Release, platforms: &[&'static str]) -> Result<(), Error> {
    let version = &release.version;
    let facts = about([
        ("title", "ferry"),
        ("version", version),
        ("description", "Carries images between registries, from the command line"),
        ("source", "https://git.example.com/acme/ferry"),
        ("documentation", "https://docs.example.com/ferry"),
        ("revision", &seed::hex(&format!("ferry {version}"), 40)),
        ("created", maker.created()),
        ("licenses", "MIT"),
        ("vendor", "Acme"),
    ]);
    let mut images = Vec::new();
    for &platform in platforms {
        let build = if platform == WINDOWS { windows(version) } else { linux(version, platform) };
        images.push(maker.image(build.labels(facts.clone()), &[])?.descriptor);
    }
    maker.index(images, Dialect::Oci, facts, &release.tags)?;
    Ok(())
}

/// On nothing: one static program, compressed by Zstandard.
fn linux(version: &str, platform: &'static str) -> Build {
    let seed = format!("ferry {version} {platform}");
    Build::new(platform, None)
        .zstd()
        .copy("COPY --from=certificates /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/", "ferry certificates", || {
            Files::new().text("etc/ssl/certs/ca-certificates.crt", "# The certificates of an example.\n".repeat(100))
        })
        .copy("COPY ferry /ferry", seed.clone(), move || Files::new().program("ferry", &seed, 70_000))
        .user("65532:65532")
        .entrypoint(&["/ferry"])
        .cmd(&["--help"])
}

fn windows(version: &str) -> Build {
    let seed = format!("ferry {version} windows");
    Build::new(WINDOWS, None)
        .root("Apply image 10.0.20348.2849", "nano server", || {
            Files::new()
                .directory("Files/Program Files")
                .directory("Files/Users/Public")
                .text("Files/Windows/System32/drivers/etc/hosts", "# 127.0.0.1 localhost\r\n")
                .program("Files/Windows/System32/cmd.exe", "cmd", 63_000)
                .program("Files/Windows/System32/kernel32.dll", "kernel32", 280_000)
                .directory("Hives")
        })
        .copy("COPY ferry.exe C:\\\\ferry.exe", seed.clone(), move || Files::new().program("Files/ferry.exe", &seed, 77_000))
        .user("ContainerUser")
        .entrypoint(&["C:\\ferry.exe"])
        .cmd(&["--help"])
}

/// All that it says is in its annotations (image-spec 1.1, "Guidelines for Artifact Usage").
fn approve(maker: &mut Maker<'_>, release: &str) -> Result<(), Error> {
    let mut annotations = about([
        ("created", maker.created()),
        ("title", &format!("Approval of {release}")),
        ("description", "Who approved which release, and when"),
    ]);
    annotations.insert("com.example.approval.by".to_owned(), "Release board".to_owned());
    annotations.insert("com.example.approval.of".to_owned(), format!("team/api {release}"));
    annotations.insert("com.example.approval.state".to_owned(), "approved".to_owned());
    let artifact_type = Some("application/vnd.example.approval.v1+json");
    maker.artifact(Artifact { artifact_type, annotations, ..Artifact::default() }, &[release.to_owned(), "latest".to_owned()])?;
    Ok(())
}
