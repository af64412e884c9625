//! The words of a Dockerfile: each writes its step of the history and what it changes in how a container runs.

use crate::{
    document::{Dialect, Healthcheck, Platform, Run, Words},
    files::Files,
    layer::Packing,
    maker::Image,
};

type Making = Box<dyn FnOnce() -> Files>;

/// A layer to be made unless one of its name was made before.
pub(crate) struct Recipe {
    pub(crate) name: String,
    pub(crate) packing: Packing,
    pub(crate) files: Making,
}

pub(crate) struct Instruction {
    pub(crate) created_by: String,
    pub(crate) comment: Option<&'static str>,
    pub(crate) layer: Option<Recipe>,
}

/// An image that is being described.
pub(crate) struct Build {
    pub(crate) platform: Platform,
    pub(crate) from: Option<Image>,
    pub(crate) dialect: Dialect,
    pub(crate) author: Option<&'static str>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) run: Run,
    pub(crate) annotations: Words,
    packing: Packing,
    classic: bool,
}

impl Build {
    /// `platform` is as in `linux/arm64/v8`; `from` the base's image for it.
    pub(crate) fn new(platform: &str, from: Option<Image>) -> Self {
        let platform = Platform::of(platform);
        let mut run = from.as_ref().map(|image| Run { labels: Words::new(), ..image.run.clone() }).unwrap_or_default();
        // Builders give what stands on nothing a path without a word in the history.
        if from.is_none() && platform.os == "linux" {
            run.env.push("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
        }
        Self {
            platform,
            from,
            dialect: Dialect::Oci,
            author: None,
            instructions: Vec::new(),
            run,
            annotations: Words::new(),
            packing: Packing::Gzip,
            classic: false,
        }
    }

    pub(crate) fn docker(mut self) -> Self {
        self.dialect = Dialect::Docker;
        self
    }

    /// The builder before BuildKit, whose words most images of the library still carry.
    pub(crate) fn classic(mut self) -> Self {
        self.classic = true;
        self
    }

    pub(crate) fn zstd(mut self) -> Self {
        self.packing = Packing::Zstd;
        self
    }

    pub(crate) fn author(mut self, author: &'static str) -> Self {
        self.author = Some(author);
        self
    }

    pub(crate) fn annotations(mut self, annotations: Words) -> Self {
        self.annotations = annotations;
        self
    }

    /// A step as it stands in the history.
    fn step(mut self, created_by: String, layer: Option<Recipe>) -> Self {
        let comment = (!self.classic).then_some("buildkit.dockerfile.v0");
        self.instructions.push(Instruction { created_by, comment, layer });
        self
    }

    fn recipe(&self, name: String, files: impl FnOnce() -> Files + 'static) -> Recipe {
        Recipe { name, packing: self.packing, files: Box::new(files) }
    }

    fn word(self, words: String) -> Self {
        let created_by = if self.classic { format!("/bin/sh -c #(nop)  {words}") } else { words };
        self.step(created_by, None)
    }

    /// Layers of one `name` are the same layer.
    pub(crate) fn run(self, command: &str, name: impl Into<String>, files: impl FnOnce() -> Files + 'static) -> Self {
        let recipe = self.recipe(name.into(), files);
        let created_by = if self.classic { format!("/bin/sh -c {command}") } else { format!("RUN /bin/sh -c {command} # buildkit") };
        self.step(created_by, Some(recipe))
    }

    /// `words` with the instruction: `COPY dist ./dist`, `ADD file:… in /`.
    pub(crate) fn copy(self, words: &str, name: impl Into<String>, files: impl FnOnce() -> Files + 'static) -> Self {
        let recipe = self.recipe(name.into(), files);
        let created_by = if self.classic { format!("/bin/sh -c #(nop) {words} ") } else { format!("{words} # buildkit") };
        self.step(created_by, Some(recipe))
    }

    /// As some other tool than Docker's writes it.
    pub(crate) fn root(self, words: &str, name: impl Into<String>, files: impl FnOnce() -> Files + 'static) -> Self {
        let recipe = self.recipe(name.into(), files);
        let mut build = self.step(words.to_owned(), Some(recipe));
        if let Some(last) = build.instructions.last_mut() {
            last.comment = None;
        }
        build
    }

    pub(crate) fn workdir(mut self, path: &'static str) -> Self {
        path.clone_into(&mut self.run.working_dir);
        let recipe = self.recipe(format!("workdir {path}"), move || Files::new().directory(path.trim_start_matches('/')));
        self.step(format!("WORKDIR {path}"), Some(recipe))
    }

    pub(crate) fn arg(self, words: &str) -> Self {
        self.word(format!("ARG {words}"))
    }

    /// `NAME=value`; the base's value is replaced.
    pub(crate) fn env(mut self, words: &str) -> Self {
        let name = words.split('=').next().unwrap_or_default();
        self.run.env.retain(|set| set.split('=').next() != Some(name));
        self.run.env.push(words.to_owned());
        self.word(format!("ENV {words}"))
    }

    pub(crate) fn user(mut self, user: &str) -> Self {
        user.clone_into(&mut self.run.user);
        self.word(format!("USER {user}"))
    }

    pub(crate) fn expose(mut self, ports: &[&str]) -> Self {
        ports.iter().for_each(|port| self.run.exposed_ports.add(port));
        let all: Vec<_> = ports.iter().map(|port| format!("{port}:{{}}")).collect();
        self.word(format!("EXPOSE map[{}]", all.join(" ")))
    }

    pub(crate) fn volume(mut self, path: &str) -> Self {
        self.run.volumes.add(path);
        self.word(format!("VOLUME [{path}]"))
    }

    /// Labels without a step of their own, as `docker build --label` adds them.
    pub(crate) fn labels(mut self, labels: Words) -> Self {
        self.run.labels.extend(labels);
        self
    }

    pub(crate) fn label(mut self, key: &str, value: &str) -> Self {
        self.run.labels.insert(key.to_owned(), value.to_owned());
        self.word(format!("LABEL {key}={value}"))
    }

    /// A command that a shell runs every 30 seconds.
    pub(crate) fn healthcheck(mut self, command: &str) -> Self {
        const SECOND: u64 = 1_000_000_000;
        let test = ["CMD-SHELL".to_owned(), command.to_owned()];
        self.run.healthcheck =
            Some(Healthcheck { test, interval: 30 * SECOND, timeout: 3 * SECOND, start_period: 10 * SECOND, retries: 3 });
        self.word(format!("HEALTHCHECK &{{[\"CMD-SHELL\" \"{command}\"] \"30s\" \"3s\" \"10s\" \"0s\" '\\x03'}}"))
    }

    pub(crate) fn stop_signal(mut self, signal: &str) -> Self {
        signal.clone_into(&mut self.run.stop_signal);
        self.word(format!("STOPSIGNAL {signal}"))
    }

    /// Takes the base's command away, as Docker does.
    pub(crate) fn entrypoint(mut self, words: &[&str]) -> Self {
        self.run.entrypoint = words.iter().map(|&word| word.to_owned()).collect();
        self.run.cmd = Vec::new();
        let listed = list(words);
        self.word(format!("ENTRYPOINT {listed}"))
    }

    pub(crate) fn cmd(mut self, words: &[&str]) -> Self {
        self.run.cmd = words.iter().map(|&word| word.to_owned()).collect();
        let listed = list(words);
        self.word(format!("CMD {listed}"))
    }
}

/// `["a" "b"]`, as builders print it.
fn list(words: &[&str]) -> String {
    format!("[{}]", words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" "))
}
