//! `library/alpine`: the small base, on every architecture.

use super::{AMD64, ARM, ARM64, I386, S390X, debian_architecture, family::Family};
use crate::{
    build::Build,
    document::Dialect,
    files::Files,
    series::{ALL, Job, Release, Series},
};

pub(super) fn jobs() -> Vec<Job> {
    let family = Family {
        repository: "library/alpine",
        description: "A minimal image based on Alpine Linux with a complete package index",
        licenses: "MIT",
        series: Series {
            name: "alpine",
            minors: &[("3.19", 3), ("3.20", 4), ("3.21", 3), ("3.22", 2)],
            first: 728.0,
            last: 20.0,
            prefix: "",
            aliases: ALL,
        },
        platforms: &[AMD64, ARM64, ARM, I386, S390X],
        on: None,
        dialect: Dialect::Oci,
        is_base: true,
        signed: 1,
        build,
    };
    family.jobs()
}

fn build(build: Build, release: &Release, platform: &'static str) -> Build {
    let version = release.version.clone();
    let architecture = debian_architecture(platform);
    build
        .copy(&format!("ADD alpine-minirootfs-{version}-{architecture}.tar.gz /"), format!("alpine {version} {platform}"), move || {
            root(&version, platform)
        })
        .cmd(&["/bin/sh"])
}

fn root(version: &str, platform: &str) -> Files {
    let seed = format!("alpine {version} {platform}");
    let branch = version.rsplit_once('.').map_or(version, |(branch, _)| branch);
    let installed: Vec<_> = ["alpine-baselayout", "alpine-keys", "apk-tools", "busybox", "musl", "ssl_client", "zlib"]
        .iter()
        .map(|name| format!("P:{name}\nV:{version}-r0\nL:MIT\n"))
        .collect();
    let mut files = Files::new().program("bin/busybox", &format!("{seed} busybox"), 42_000);
    for applet in ["ash", "cat", "cp", "grep", "ls", "mv", "ps", "rm", "sed", "sh", "vi", "wget"] {
        files = files.symlink(format!("bin/{applet}"), "/bin/busybox");
    }
    files
        .directory("dev")
        .text("etc/alpine-release", format!("{version}\n"))
        .text("etc/apk/repositories", format!("https://dl-cdn.alpinelinux.org/alpine/v{branch}/main\nhttps://dl-cdn.alpinelinux.org/alpine/v{branch}/community\n"))
        .text("etc/group", "root:x:0:root\nnobody:x:65534:\n")
        .text("etc/os-release", format!("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={version}\nPRETTY_NAME=\"Alpine Linux v{branch}\"\nHOME_URL=\"https://alpinelinux.org/\"\n"))
        .text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n")
        .text("etc/shadow", "root:*::0:::::\nnobody:!::0:::::\n")
        .mode(0o640)
        .text("lib/apk/db/installed", installed.join("\n"))
        .program("lib/ld-musl.so.1", &format!("{seed} musl"), 28_000)
        .directory("proc")
        .directory("root")
        .mode(0o700)
        .program("sbin/apk", &format!("{seed} apk"), 7_000)
        .directory("tmp")
        .mode(0o1777)
        .directory("var/cache/apk")
}
