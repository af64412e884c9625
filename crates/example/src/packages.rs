//! Lists of packages: SPDX 2.3 and CycloneDX 1.6.

use crate::seed;
use serde_json::{Value, json};

struct Package {
    name: &'static str,
    version: &'static str,
    license: &'static str,
    /// What its address begins with: `pkg:deb/debian/`.
    origin: &'static str,
}

/// `name version license`, of a service that is built with Rust and stands on Debian.
const DEBIAN: &str = "apt 2.6.1 GPL-2.0-or-later\nbase-files 12.4 GPL-2.0-or-later\nbash 5.2.15 GPL-3.0-or-later\nca-certificates 20230311 MPL-2.0\n\
    coreutils 9.1 GPL-3.0-or-later\ncurl 7.88.1 curl\ndash 0.5.12 BSD-3-Clause\ndebianutils 5.7 GPL-2.0-or-later\ndpkg 1.21.22 GPL-2.0-or-later\n\
    findutils 4.9.0 GPL-3.0-or-later\ngrep 3.8 GPL-3.0-or-later\ngzip 1.12 GPL-3.0-or-later\nlibbz2-1.0 1.0.8 bzip2-1.0.6\nlibc6 2.36 LGPL-2.1-or-later\n\
    libgcc-s1 12.2.0 GPL-3.0-with-GCC-exception\nliblzma5 5.4.1 0BSD\nlibssl3 3.0.15 Apache-2.0\nlibzstd1 1.5.4 BSD-3-Clause\nperl-base 5.36.0 Artistic-2.0\n\
    sed 4.9 GPL-3.0-or-later\ntar 1.34 GPL-3.0-or-later\ntini 0.19.0 MIT\ntzdata 2024b CC0-1.0\nzlib1g 1.2.13 Zlib";

const CARGO: &str = "anyhow 1.0.98 MIT\narc-swap 1.7.1 MIT\nasync-trait 0.1.88 MIT\naxum 0.8.4 MIT\naxum-core 0.5.2 MIT\nbase64 0.22.1 MIT\nbitflags 2.9.1 MIT\n\
    bytes 1.10.1 MIT\ncfg-if 1.0.0 MIT\nchrono 0.4.41 MIT\nclap 4.5.38 MIT\ncrc32fast 1.4.2 MIT\ndashmap 6.1.0 MIT\nfutures 0.3.31 MIT\nfutures-util 0.3.31 MIT\n\
    getrandom 0.3.3 MIT\nh2 0.4.10 MIT\nhashbrown 0.15.3 MIT\nhttp 1.3.1 MIT\nhttp-body 1.0.1 MIT\nhyper 1.6.0 MIT\nhyper-util 0.1.12 MIT\nindexmap 2.9.0 Apache-2.0\n\
    itoa 1.0.15 MIT\nlibc 0.2.172 MIT\nlock_api 0.4.12 MIT\nlog 0.4.27 MIT\nmemchr 2.7.4 Unlicense\nmio 1.0.4 MIT\nonce_cell 1.21.3 MIT\nparking_lot 0.12.4 MIT\n\
    percent-encoding 2.3.1 MIT\nprost 0.13.5 Apache-2.0\nrand 0.9.1 MIT\nregex 1.11.1 MIT\nring 0.17.14 ISC\nrust_decimal 1.37.1 MIT\nrustls 0.23.27 Apache-2.0\n\
    rustls-pki-types 1.12.0 Apache-2.0\nryu 1.0.20 Apache-2.0\nserde 1.0.219 MIT\nserde_json 1.0.140 MIT\nsha2 0.10.9 MIT\nsmallvec 1.15.0 MIT\nsocket2 0.5.10 MIT\n\
    sqlx 0.8.5 MIT\nsqlx-core 0.8.5 MIT\nsqlx-postgres 0.8.5 MIT\nsubtle 2.6.1 BSD-3-Clause\nsyn 2.0.101 MIT\nthiserror 2.0.12 MIT\ntokio 1.45.0 MIT\n\
    tokio-rustls 0.26.2 MIT\ntokio-util 0.7.15 MIT\ntower 0.5.2 MIT\ntower-http 0.6.4 MIT\ntracing 0.1.41 MIT\ntracing-core 0.1.33 MIT\nurl 2.5.4 MIT\nuuid 1.16.0 MIT\n\
    webpki-roots 0.26.11 CDLA-Permissive-2.0\nzeroize 1.8.1 MIT";

fn packages() -> impl Iterator<Item = Package> {
    let of = |lines: &'static str, origin| {
        lines.lines().filter_map(move |line| {
            let mut words = line.split_whitespace();
            Some(Package { name: words.next()?, version: words.next()?, license: words.next()?, origin })
        })
    };
    of(DEBIAN, "pkg:deb/debian/").chain(of(CARGO, "pkg:cargo/"))
}

impl Package {
    fn address(&self) -> String {
        format!("{}{}@{}", self.origin, self.name, self.version)
    }
}

pub(crate) fn spdx(name: &str, version: &str, created: &str) -> Value {
    let package = |(place, package): (usize, Package)| {
        json!({
            "SPDXID": format!("SPDXRef-Package-{}", place + 1),
            "name": package.name,
            "versionInfo": package.version,
            "licenseDeclared": package.license,
            "licenseConcluded": package.license,
            "downloadLocation": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.address()}],
        })
    };
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": format!("{name}-{version}"),
        "documentNamespace": format!("https://sbom.example.com/{name}/{version}"),
        "creationInfo": {"created": created, "creators": ["Tool: syft-1.20.0", "Organization: Example"]},
        "packages": packages().enumerate().map(package).collect::<Vec<_>>(),
    })
}

pub(crate) fn cyclonedx(name: &str, version: &str, created: &str) -> Value {
    let component = |package: Package| {
        json!({
            "type": "library",
            "bom-ref": package.address(),
            "name": package.name,
            "version": package.version,
            "purl": package.address(),
            "licenses": [{"expression": package.license}],
        })
    };
    let uuid = seed::hex(&format!("{name} {version}"), 32);
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}-{}-4{}-a{}-{}", &uuid[..8], &uuid[8..12], &uuid[13..16], &uuid[17..20], &uuid[20..]),
        "version": 1,
        "metadata": {"timestamp": created, "component": {"type": "container", "name": name, "version": version}},
        "components": packages().map(component).collect::<Vec<_>>(),
    })
}
