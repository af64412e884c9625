//! `library/debian`: what most images stand on.

use super::{AMD64, ARM, ARM64, debian_architecture, family::Family, triple};
use crate::{
    build::Build,
    document::Dialect,
    files::Files,
    series::{Alias, Job, Release, Series},
};

pub(super) fn jobs() -> Vec<Job> {
    let family = Family {
        repository: "library/debian",
        description: "Debian is a Linux distribution that is composed entirely of free and open source software",
        licenses: "GPL-2.0-or-later",
        series: Series {
            name: "debian",
            minors: &[("12", 11)],
            first: 730.0,
            last: 12.0,
            prefix: "",
            aliases: &[Alias::Major, Alias::Latest],
        },
        platforms: &[AMD64, ARM64, ARM],
        on: None,
        dialect: Dialect::Oci,
        is_base: true,
        signed: 2,
        build,
    };
    family.jobs()
}

fn build(build: Build, release: &Release, platform: &'static str) -> Build {
    let version = release.version.clone();
    let architecture = debian_architecture(platform);
    build
        .root(
            &format!("# debian.sh --arch '{architecture}' out/ 'bookworm' '{version}'"),
            format!("debian {version} {platform}"),
            move || root(&version, platform),
        )
        .cmd(&["bash"])
}

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
";

const BASHRC: &str = "# ~/.bashrc: executed by bash(1) for non-login shells.
# umask 022
# alias ls='ls $LS_OPTIONS'
# alias ll='ls $LS_OPTIONS -l'
";

const PACKAGES: [&str; 12] =
    ["apt", "base-files", "bash", "coreutils", "dash", "dpkg", "libc6", "libssl3", "perl-base", "tzdata", "util-linux", "zlib1g"];

fn root(version: &str, platform: &str) -> Files {
    let lib = format!("usr/lib/{}", triple(platform));
    let seed = format!("debian {version} {platform}");
    let of = |name: &str| format!("{seed} {name}");
    let installed: Vec<_> = PACKAGES
        .iter()
        .map(|name| {
            let architecture = debian_architecture(platform);
            format!("Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\nVersion: {version}-1\n")
        })
        .collect();
    Files::new()
        .symlink("bin", "usr/bin")
        .directory("boot")
        .directory("dev")
        .symlink("etc/alternatives/pager", "/usr/bin/less")
        .text("etc/apt/sources.list.d/debian.sources", "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\n")
        .text("etc/debian_version", format!("{version}\n"))
        .text("etc/group", "root:x:0:\ndaemon:x:1:\nshadow:x:42:\nnogroup:x:65534:\n")
        .text("etc/host.conf", "multi on\n")
        .text("etc/issue", "Debian GNU/Linux 12 \\n \\l\n\n")
        .symlink("etc/localtime", "/usr/share/zoneinfo/Etc/UTC")
        .symlink("etc/os-release", "../usr/lib/os-release")
        .text("etc/passwd", PASSWD)
        .text("etc/shadow", "root:*:19800:0:99999:7:::\nnobody:*:19800:0:99999:7:::\n")
        .mode(0o640)
        .directory("home")
        .symlink("lib", "usr/lib")
        .directory("proc")
        .text("root/.bashrc", BASHRC)
        .directory("run")
        .mode(0o755)
        .symlink("sbin", "usr/sbin")
        .directory("sys")
        .directory("tmp")
        .mode(0o1777)
        .program("usr/bin/apt", &of("apt"), 13_000)
        .program("usr/bin/bash", &of("bash"), 63_000)
        .program("usr/bin/dash", &of("dash"), 8_000)
        .program("usr/bin/dpkg", &of("dpkg"), 18_000)
        .program("usr/bin/passwd", &of("passwd"), 4_000)
        .mode(0o4755)
        .program("usr/bin/perl", &of("perl"), 42_000)
        .hardlink("usr/bin/perl5.36.0", "usr/bin/perl")
        .symlink("usr/bin/sh", "dash")
        .program(format!("{lib}/libc.so.6"), &of("libc"), 105_000)
        .program(format!("{lib}/libcrypto.so.3"), &of("crypto"), 77_000)
        .program(format!("{lib}/libz.so.1.2.13"), &of("zlib"), 10_000)
        .symlink(format!("{lib}/libz.so.1"), "libz.so.1.2.13")
        .text("usr/lib/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n")
        .text("usr/share/doc/bash/copyright", "This is GNU Bash. It is free software under the GNU General Public License, version 3 or later.\n".repeat(60))
        .text("usr/share/doc/libc6/copyright", "This is the GNU C Library. It is free software under the GNU Lesser General Public License.\n".repeat(80))
        .packed("usr/share/zoneinfo/Etc/UTC", "utc", 114)
        .packed("usr/share/zoneinfo/Europe/Berlin", "berlin", 2298)
        .text("var/lib/dpkg/status", installed.join("\n"))
        .directory("var/log")
        .directory("var/tmp")
        .mode(0o1777)
}
