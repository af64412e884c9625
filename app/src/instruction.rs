//! A build step as its author wrote it: what builders put around it taken off.

/// An instruction of a Containerfile, or what a builder says in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// `RUN`, `COPY`, …; empty where the builder does not speak in instructions.
    pub(crate) keyword: String,
    /// The rest, on as many lines as it had.
    pub(crate) rest: String,
}

const KEYWORDS: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// Shells that the builders call, with the flag that takes the command.
const SHELLS: &[&str] = &[
    "/bin/sh -c ",
    "/bin/bash -c ",
    "/bin/bash -o pipefail -c ",
    "/bin/sh -o pipefail -c ",
    "/bin/ash -eo pipefail -c ",
    "/bin/bash -eo pipefail -c ",
    "cmd /S /C ",
    "powershell -Command ",
];

/// Reads `created_by` of an image's history. Known forms: the classic builder's `/bin/sh -c #(nop) CMD […]` and
/// `/bin/sh -c command`, both perhaps after `|2 A=1 B=2`; BuildKit's `RUN /bin/sh -c command # buildkit`.
pub(crate) fn instruction(created_by: &str) -> Instruction {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").map_or(text, str::trim_end);
    let (keyword, rest) = split_keyword(text);
    if keyword == "RUN" {
        return made("RUN", without_shell(without_arguments(rest)).0);
    }
    if !keyword.is_empty() {
        return made(keyword, rest);
    }
    let (command, in_shell) = without_shell(without_arguments(text));
    if let Some(inner) = command.strip_prefix("#(nop)") {
        let (keyword, rest) = split_keyword(inner.trim());
        return made(keyword, rest);
    }
    if in_shell { made("RUN", command) } else { made("", command) }
}

fn made(keyword: &str, rest: &str) -> Instruction {
    Instruction { keyword: keyword.to_owned(), rest: rest.trim().replace('\t', " ") }
}

fn split_keyword(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    if KEYWORDS.contains(&&text[..end]) { (&text[..end], text[end..].trim_start()) } else { ("", text) }
}

/// Without `|2 A=1 B=two `, the build arguments that a command saw. A value may hold spaces, and nothing marks its end:
/// the command begins at the shell.
fn without_arguments(text: &str) -> &str {
    let Some(after) = text.strip_prefix('|') else { return text };
    if !after.starts_with(|c: char| c.is_ascii_digit()) {
        return text;
    }
    SHELLS.iter().filter_map(|shell| after.find(shell)).min().map_or(text, |at| &after[at..])
}

fn without_shell(text: &str) -> (&str, bool) {
    SHELLS.iter().find_map(|shell| text.strip_prefix(shell)).map_or((text, false), |command| (command.trim_start(), true))
}

#[cfg(test)]
mod tests {
    use super::instruction;

    fn read(created_by: &str) -> (String, String) {
        let found = instruction(created_by);
        (found.keyword, found.rest)
    }

    #[test]
    fn both_builders_are_understood() {
        let pairs = [
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", ("CMD", "[\"bash\"]")),
            ("/bin/sh -c #(nop) ADD file:8f3a in / ", ("ADD", "file:8f3a in /")),
            ("/bin/sh -c apt-get update && apt-get install -y curl", ("RUN", "apt-get update && apt-get install -y curl")),
            ("|2 A=1 B=x y /bin/sh -c make -j", ("RUN", "make -j")),
            ("RUN /bin/sh -c make # buildkit", ("RUN", "make")),
            ("RUN |1 VERSION=3 /bin/sh -c make install # buildkit", ("RUN", "make install")),
            ("COPY /out/api /usr/local/bin/api # buildkit", ("COPY", "/out/api /usr/local/bin/api")),
            ("ENV LANG=C.UTF-8", ("ENV", "LANG=C.UTF-8")),
            ("cmd /S /C echo hello", ("RUN", "echo hello")),
            ("# debian.sh --arch 'amd64' out/ 'trixie'", ("", "# debian.sh --arch 'amd64' out/ 'trixie'")),
            ("bazel build ...", ("", "bazel build ...")),
            ("", ("", "")),
        ];
        for (created_by, (keyword, rest)) in pairs {
            assert_eq!(read(created_by), (keyword.to_owned(), rest.to_owned()), "{created_by}");
        }
    }

    #[test]
    fn a_pipe_that_is_no_argument_list_stays() {
        assert_eq!(read("| tee log").1, "| tee log");
        assert_eq!(read("|3 nothing like a shell").1, "|3 nothing like a shell");
    }
}
