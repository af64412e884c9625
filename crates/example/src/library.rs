//! `library/…`: what a company mirrors from elsewhere.

mod databases;
mod debian;
mod family;
mod musl;
mod servers;

use crate::series::Job;

pub(crate) const AMD64: &str = "linux/amd64";
pub(crate) const ARM64: &str = "linux/arm64/v8";
pub(crate) const ARM: &str = "linux/arm/v7";
pub(crate) const I386: &str = "linux/386";
pub(crate) const S390X: &str = "linux/s390x";

/// The bases first: what is released on the same day stands on them.
pub(crate) fn jobs() -> Vec<Job> {
    [debian::jobs(), musl::jobs(), databases::jobs(), servers::jobs()].into_iter().flatten().collect()
}

/// Debian's word for an architecture.
fn debian_architecture(platform: &str) -> &'static str {
    match platform {
        ARM64 => "arm64",
        ARM => "armhf",
        I386 => "i386",
        S390X => "s390x",
        _ => "amd64",
    }
}

/// Where Debian keeps an architecture's libraries.
fn triple(platform: &str) -> &'static str {
    match platform {
        ARM64 => "aarch64-linux-gnu",
        ARM => "arm-linux-gnueabihf",
        I386 => "i386-linux-gnu",
        S390X => "s390x-linux-gnu",
        _ => "x86_64-linux-gnu",
    }
}
