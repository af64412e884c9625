use crate::{Platform, limits, value};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an image's configuration says (image-spec 1.1, config.md), read leniently: null, absent and wrongly
/// typed fields are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    pub platform: Option<Platform>,
    /// RFC 3339 as written. Reproducible builds write 1970 or the year 1.
    pub created: Option<String>,
    pub author: Option<String>,
    pub run: RunConfig,
    pub diff_ids: Vec<String>,
    pub history: Vec<History>,
}

/// How a container of the image runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunConfig {
    pub user: Option<String>,
    pub exposed_ports: Vec<String>,
    pub env: Vec<String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub volumes: Vec<String>,
    pub working_dir: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub stop_signal: Option<String>,
    pub shell: Vec<String>,
    pub on_build: Vec<String>,
    /// Docker's own: the test, as written (`["CMD-SHELL", "curl …"]`).
    pub health_check: Vec<String>,
    /// Nanoseconds between two tests.
    pub health_interval: Option<u64>,
}

/// One step of the build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub created: Option<String>,
    pub created_by: Option<String>,
    pub author: Option<String>,
    pub comment: Option<String>,
    /// The step made no layer.
    pub empty: bool,
}

impl ImageConfig {
    /// Reads a configuration of at most [`limits::CONFIG`] bytes. `None` when it is too large or no JSON object.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > limits::CONFIG {
            return None;
        }
        let json: Value = serde_json::from_slice(bytes).ok()?;
        json.is_object().then(|| Self::read(&json))
    }

    fn read(json: &Value) -> Self {
        let part = |name| value::text(json, name).unwrap_or_default();
        let run = value::field(json, "config");
        let health = value::field(run, "Healthcheck");
        Self {
            platform: Platform::new(&part("os"), &part("architecture"), value::text(json, "variant").as_deref()),
            created: value::text(json, "created"),
            author: value::text(json, "author"),
            run: RunConfig {
                user: value::text(run, "User"),
                exposed_ports: value::keys(run, "ExposedPorts"),
                env: value::texts(run, "Env"),
                entrypoint: value::texts(run, "Entrypoint"),
                cmd: value::texts(run, "Cmd"),
                volumes: value::keys(run, "Volumes"),
                working_dir: value::text(run, "WorkingDir"),
                labels: value::pairs(run, "Labels"),
                stop_signal: value::text(run, "StopSignal"),
                shell: value::texts(run, "Shell"),
                on_build: value::texts(run, "OnBuild"),
                health_check: value::texts(health, "Test"),
                health_interval: value::field(health, "Interval").as_u64(),
            },
            diff_ids: value::texts(value::field(json, "rootfs"), "diff_ids"),
            history: value::list(json, "history").iter().take(limits::DESCRIPTORS).map(History::read).collect(),
        }
    }

    /// The image's title, description and other well-known facts stand in labels as in annotations;
    /// manifest annotations win. This is the label's side.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.run.labels.get(key).map(String::as_str)
    }

    /// Which layer (by position) each step of the history made. `None` when the counts differ, so that no step is
    /// shown beside a layer it did not make.
    pub fn pair_history(&self, layers: usize) -> Option<Vec<Option<usize>>> {
        if self.history.iter().filter(|h| !h.empty).count() != layers {
            return None;
        }
        let mut next = 0..layers;
        Some(self.history.iter().map(|h| if h.empty { None } else { next.next() }).collect())
    }
}

impl History {
    fn read(json: &Value) -> Self {
        Self {
            created: value::text(json, "created"),
            created_by: value::text(json, "created_by"),
            author: value::text(json, "author"),
            comment: value::text(json, "comment"),
            empty: value::field(json, "empty_layer").as_bool().unwrap_or(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_usual_configuration() {
        let c = ImageConfig::parse(
            br#"{"architecture":"amd64","os":"linux","created":"2026-11-01T00:00:00Z","config":{"User":"10001","ExposedPorts":{"8080/tcp":{}},
            "Env":["A=b"],"Entrypoint":["/api"],"Cmd":null,"Labels":{"team":"payments"},"Healthcheck":{"Test":["CMD","x"],"Interval":30000000000}},
            "rootfs":{"type":"layers","diff_ids":["sha256:aa"]},"history":[{"created_by":"FROM scratch","empty_layer":true},{"created_by":"COPY"}]}"#,
        )
        .unwrap();
        assert_eq!(c.platform.as_ref().unwrap().to_string(), "linux/amd64");
        assert_eq!(c.run.exposed_ports, ["8080/tcp"]);
        assert_eq!(c.run.cmd, Vec::<String>::new());
        assert_eq!(c.label("team"), Some("payments"));
        assert_eq!(c.pair_history(1), Some(vec![None, Some(0)]));
        assert_eq!(c.pair_history(2), None);
    }

    #[test]
    fn a_hollow_configuration_is_read() {
        for text in [
            "{}",
            r#"{"config":null,"rootfs":null,"history":null}"#,
            r#"{"config":{"Env":"A=b","Labels":[],"Entrypoint":"sh"},"history":[1,null]}"#,
        ] {
            assert!(ImageConfig::parse(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(ImageConfig::parse(b"[]"), None);
        assert_eq!(ImageConfig::parse(b"\x1f\x8b"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ImageConfig::parse(&bytes);
        }
    }
}
