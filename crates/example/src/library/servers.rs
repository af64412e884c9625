//! `library/node` and `library/nginx`, in Docker's own media types: a manifest list over schema 2 images, and schema 2 alone.

use super::{AMD64, ARM64, debian_architecture, family::Family};
use crate::{
    build::Build,
    document::Dialect,
    files::Files,
    series::{ALL, Job, Release, Series},
};

pub(super) fn jobs() -> Vec<Job> {
    let node = Family {
        repository: "library/node",
        description: "A JavaScript runtime built on V8",
        licenses: "MIT",
        series: Series {
            name: "node",
            minors: &[("18.19", 1), ("18.20", 3), ("20.11", 2), ("20.18", 3), ("22.11", 1), ("22.14", 2)],
            first: 690.0,
            last: 15.0,
            prefix: "",
            aliases: ALL,
        },
        platforms: &[AMD64, ARM64],
        on: None,
        dialect: Dialect::Docker,
        is_base: false,
        signed: 0,
        build: build_node,
    };
    let nginx = Family {
        repository: "library/nginx",
        description: "A web server, reverse proxy and load balancer",
        licenses: "BSD-2-Clause",
        series: Series { name: "nginx", minors: &[("1.25", 3), ("1.27", 4)], first: 640.0, last: 44.0, prefix: "", aliases: ALL },
        platforms: &[AMD64],
        on: Some("debian"),
        dialect: Dialect::Docker,
        is_base: false,
        signed: 0,
        build: build_nginx,
    };
    node.jobs().into_iter().chain(nginx.jobs()).collect()
}

fn build_node(build: Build, release: &Release, platform: &'static str) -> Build {
    let version = release.version.clone();
    let architecture = debian_architecture(platform);
    build
        .classic()
        .copy("ADD file:6c4a2a0a2cc1 in /", format!("node root {platform}"), move || {
            Files::new()
                .program("bin/bash", &format!("node bash {platform}"), 63_000)
                .symlink("bin/sh", "bash")
                .text("etc/debian_version", "12.8\n")
                .text("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnode:x:1000:1000::/home/node:/bin/bash\n")
                .directory("home/node")
                .owner(1000)
                .directory("tmp")
                .mode(0o1777)
        })
        .cmd(&["bash"])
        .env(&format!("NODE_VERSION={version}"))
        .run(
            &format!(
                "ARCH= && dpkgArch=\"$(dpkg --print-architecture)\" && curl -fsSLO --compressed \"https://mirror.example.com/node/v$NODE_VERSION/node-v$NODE_VERSION-linux-{architecture}.tar.xz\""
            ),
            format!("node {version} {platform}"),
            move || {
                Files::new()
                    .program("usr/local/bin/node", &format!("node {version} {platform}"), 294_000)
                    .symlink("usr/local/bin/nodejs", "node")
                    .symlink("usr/local/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js")
                    .text("usr/local/lib/node_modules/npm/bin/npm-cli.js", "#!/usr/bin/env node\nrequire('../lib/cli.js')(process)\n")
                    .mode(0o755)
                    .text("usr/local/lib/node_modules/npm/package.json", "{\n  \"name\": \"npm\",\n  \"version\": \"10.9.0\",\n  \"license\": \"Artistic-2.0\"\n}\n")
            },
        )
        .entrypoint(&["docker-entrypoint.sh"])
        .cmd(&["node"])
}

const NGINX_CONF: &str = "user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;

events {
    worker_connections 1024;
}

http {
    include /etc/nginx/mime.types;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
";

const NGINX_SITE: &str = "server {
    listen 80;
    server_name localhost;
    location / {
        root /usr/share/nginx/html;
        index index.html;
    }
}
";

fn build_nginx(build: Build, release: &Release, _platform: &'static str) -> Build {
    let version = release.version.clone();
    build
        .classic()
        .env(&format!("NGINX_VERSION={version}"))
        .run(
            "set -x && groupadd --system --gid 101 nginx && apt-get install -y nginx=${NGINX_VERSION}",
            format!("nginx {version}"),
            move || {
                Files::new()
                    .text("etc/nginx/conf.d/default.conf", NGINX_SITE)
                    .text("etc/nginx/nginx.conf", NGINX_CONF)
                    .program("usr/sbin/nginx", &format!("nginx {version}"), 105_000)
                    .text("usr/share/nginx/html/index.html", "<!doctype html>\n<title>Welcome</title>\n<h1>It works</h1>\n")
                    .symlink("var/log/nginx/access.log", "/dev/stdout")
                    .symlink("var/log/nginx/error.log", "/dev/stderr")
            },
        )
        .expose(&["80/tcp"])
        .healthcheck("curl -fs http://localhost/ || exit 1")
        .stop_signal("SIGQUIT")
        .cmd(&["nginx", "-g", "daemon off;"])
}
