//! The options of `acr purge` (acr-cli).

use super::{
    Imported,
    options::{self, Given, Known, Takes, known},
    terms, wrong,
};
use crate::Result;
use api::Policy;
use oci::RepositoryName;

static OPTIONS: &[Known] = &[
    known("registry", Some('r'), Takes::One),
    known("username", Some('u'), Takes::One),
    known("password", Some('p'), Takes::One),
    known("config", Some('c'), Takes::One),
    known("filter", Some('f'), Takes::One),
    known("filter-timeout-seconds", None, Takes::One),
    known("ago", None, Takes::One),
    known("keep", None, Takes::One),
    known("untagged", None, Takes::Nothing),
    known("untagged-only", None, Takes::Nothing),
    known("include-locked", None, Takes::Nothing),
    known("dry-run", None, Takes::Nothing),
    known("concurrency", None, Takes::One),
    known("repository-page-size", None, Takes::One),
    known("verbose", None, Takes::Nothing),
];

/// Options that change nothing about what goes, with what takes their place.
const ASIDE: [(&str, &str); 9] = [
    ("username", "is a setting here: SUPERCARGO_REGISTRY_USERNAME."),
    ("password", "is a setting here: SUPERCARGO_REGISTRY_PASSWORD_FILE."),
    ("config", "has no equal: credentials are settings here."),
    ("filter-timeout-seconds", "is not needed: expressions take no time to speak of."),
    ("include-locked", "has no equal: what the registry locks it does not delete."),
    ("dry-run", "is not needed: nothing is done without --yes."),
    ("concurrency", "is not needed: it follows what the registry bears."),
    ("repository-page-size", "is not needed."),
    ("verbose", "has no equal."),
];

/// So many newest tags that every tag is among them.
const EVERY: u32 = 1_000_000;

/// Reads the options.
pub(super) fn read(words: &[String]) -> Result<Imported> {
    let given = options::read(words, OPTIONS)?;
    let mut warnings: Vec<String> =
        ASIDE.iter().filter(|(name, _)| given.has(name)).map(|(name, what)| format!("--{name} {what}")).collect();
    let policy = match (given.has("untagged-only"), given.has("untagged")) {
        (true, true) => return Err(wrong("“--untagged” and “--untagged-only” are both given; acr purge takes one.")),
        (true, false) => untagged(&given, &mut warnings)?,
        (false, untagged) => tags(&given, untagged, &mut warnings)?,
    };
    let address = |name: &str| format!("https://{name}{}", if name.contains('.') { "" } else { ".azurecr.io" });
    Ok(Imported { policy, registry: given.word("registry").map(address), warnings })
}

fn tags(given: &Given, untagged: bool, warnings: &mut Vec<String>) -> Result<Policy> {
    for needed in ["filter", "ago"] {
        if !given.has(needed) {
            return Err(wrong(format!("“--{needed}” is missing; acr purge wants it unless --untagged-only is given.")));
        }
    }
    let mut policy = Policy { r#match: filters(given, false)?, ..Policy::default() };
    let ago = given.word("ago").unwrap_or_default();
    let seconds = seconds(ago).ok_or_else(|| wrong(format!("“{ago}” is not a time such as 2d3h6m.")))?;
    if seconds > 0 {
        policy.older_than = Some(in_its_largest_unit(seconds));
        policy.clock = Some("pushed".into());
        warnings.push(
            "acr purge goes by the time of a tag's last update, which only ACR tells; here that is when it was seen pushed, and what was \
             there before is of unknown age and stays. --clock any goes by its build then."
                .into(),
        );
    }
    if let Some(keep) = given.number("keep")?.filter(|k| *k > 0) {
        (policy.keep, policy.keep_by, policy.keep_of) = (Some(keep), Some("pushed".into()), Some("old".into()));
    }
    if policy.r#match.is_empty() && policy.older_than.is_none() && policy.keep.is_none() {
        return Err(wrong("These options take every tag there is, and no policy does that.")
            .hint("Delete repositories by their names: supercargo rm NAME."));
    }
    // Theirs takes a manifest for its age, too; ours would take more.
    warnings.push(if untagged {
        "An image goes with its last tag here, which is most of what --untagged is for; those that had no tag before stay. Ours takes them, \
         whatever their age: add --untagged if that is meant."
            .into()
    } else {
        "Without --untagged acr purge leaves images without a tag behind; here an image goes with its last tag.".into()
    });
    Ok(policy)
}

/// Only manifests that no tag reaches.
fn untagged(given: &Given, warnings: &mut Vec<String>) -> Result<Policy> {
    for option in ["ago", "keep"] {
        if given.has(option) {
            return Err(wrong(format!("“--{option}” has no equal for manifests without tags: all that are known would go."))
                .hint("Leave it out if that is meant."));
        }
    }
    warnings.push("A registry does not list manifests without tags; those that are known go.".into());
    let policy = Policy { r#match: filters(given, true)?, untagged: true, ..Policy::default() };
    if policy.r#match.is_empty() {
        // A policy that says nothing else takes these alone.
        return Ok(policy);
    }
    warnings.push("The filter is about tags as well, so that every tag is told to stay by a number that none exceeds.".into());
    Ok(Policy { keep: Some(EVERY), ..policy })
}

/// `repository:tag`, of each part an expression; of several any.
fn filters(given: &Given, only_untagged: bool) -> Result<String> {
    let mut parts = Vec::new();
    for filter in given.every("filter") {
        let (repository, tag) = split(filter)?;
        let repository = match repository {
            ".*" => String::new(),
            name if RepositoryName::parse(name).is_ok() && !name.contains('.') => terms::exact("repo", &[name]),
            expression => terms::regex("repo", &format!("^{expression}$")),
        };
        let tag = if only_untagged || tag == ".*" { String::new() } else { terms::regex("tag", tag) };
        parts.push(terms::all(&[repository, tag]));
    }
    // One that asks nothing makes the others idle.
    Ok(if parts.iter().any(String::is_empty) { String::new() } else { terms::any(&parts) })
}

/// Parts a filter at its one colon; those of `(?i:` and `[[:alpha:]]` do not count.
fn split(filter: &str) -> Result<(&str, &str)> {
    let parts = |at: usize| (&filter[..at], &filter[at + 1..]);
    let divides = |&at: &usize| {
        let (before, after) = parts(at);
        let group = before.rsplit_once("(?").is_some_and(|(_, flags)| flags.len() <= 5 && flags.chars().all(|c| "imsU-".contains(c)));
        !group && !before.ends_with(['[', '^']) && !after.starts_with(']')
    };
    let mut colons = filter.match_indices(':').map(|(at, _)| at).filter(divides);
    let (Some(at), None) = (colons.next(), colons.next()) else {
        return Err(wrong(format!("“{filter}” is not a filter such as team/api:^v1; one colon stands between repository and tag.")));
    };
    let (repository, tag) = parts(at);
    if repository.is_empty() || tag.is_empty() {
        return Err(wrong(format!("“{filter}” leaves out the repository or the tag; “.*” is any.")));
    }
    Ok((repository, tag))
}

/// `2d3h6m`: days, then what Go takes for a duration.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let letters = rest[end..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len() - end);
        let unit = match &rest[end..end + letters] {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            _ => return None,
        };
        sum += number * unit;
        rest = &rest[end + letters..];
    }
    (!text.is_empty()).then_some(sum.ceil() as u64)
}

fn in_its_largest_unit(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
    units
        .iter()
        .find(|(_, size)| seconds.is_multiple_of(*size))
        .map_or_else(|| format!("{seconds}s"), |(unit, size)| format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::{super::import, *};

    fn read(options: &str) -> Imported {
        import("acr-purge", options).unwrap_or_else(|e| panic!("{options}: {e}"))
    }

    fn old(age: &str) -> Policy {
        Policy { older_than: Some(age.into()), clock: Some("pushed".into()), ..Policy::default() }
    }

    #[test]
    fn its_own_examples_mean_policies() {
        for (options, policy) in [
            (r#"acr purge -r example --filter "hello-world:.*" --ago 1d"#, Policy { r#match: "repo:=hello-world".into(), ..old("1d") }),
            (r#"acr purge -r example --filter ".*:.*" --ago 7d"#, old("7d")),
            (
                r#"acr purge -r example --filter "hello-world:^hello.*" --ago 7d --keep 2"#,
                Policy {
                    r#match: "repo:=hello-world tag:~^hello.*".into(),
                    keep: Some(2),
                    keep_by: Some("pushed".into()),
                    keep_of: Some("old".into()),
                    ..old("7d")
                },
            ),
            (
                r#"acr purge -r example --filter "hello-world:\w*test\w*" --ago 5d --untagged"#,
                Policy { r#match: r"repo:=hello-world tag:~\w*test\w*".into(), ..old("5d") },
            ),
            ("acr purge -r example --untagged-only", Policy { untagged: true, ..Policy::default() }),
            (
                r#"acr purge -r example --filter "hello-world:.*" --untagged-only"#,
                Policy { r#match: "repo:=hello-world".into(), untagged: true, keep: Some(EVERY), ..Policy::default() },
            ),
            (
                "--filter 'team/.*:^v1' --filter 'web:x|y' --ago 2d3h6m",
                Policy { r#match: "(repo:~^team/.*$ tag:~^v1 OR repo:=web tag:~x|y)".into(), ..old("3066m") },
            ),
            ("--filter 'a.b:.*' --ago 0d", Policy { r#match: "repo:~^a.b$".into(), ..Policy::default() }),
        ] {
            assert_eq!(read(options).policy, policy, "{options}");
        }
        assert_eq!(read("-r example --untagged-only").registry.as_deref(), Some("https://example.azurecr.io"));
        assert_eq!(read("-r my.registry --untagged-only").registry.as_deref(), Some("https://my.registry"));
    }

    #[test]
    fn a_filter_is_parted_at_its_one_colon() {
        for (filter, parts) in [
            ("a:b", Some(("a", "b"))),
            ("(?i:team)/x:(?i:v1)", Some(("(?i:team)/x", "(?i:v1)"))),
            ("a:^[[:alpha:]]+$", Some(("a", "^[[:alpha:]]+$"))),
            ("a", None),
            ("a:b:c", None),
            (":b", None),
            ("a:", None),
        ] {
            assert_eq!(split(filter).ok(), parts, "{filter}");
        }
    }

    #[test]
    fn a_time_is_days_and_what_go_reads() {
        for (text, read) in [
            ("1d", Some(86_400)),
            ("2d3h6m", Some(183_960)),
            ("36h", Some(129_600)),
            ("1.5h", Some(5_400)),
            ("90s", Some(90)),
            ("0d", Some(0)),
            ("", None),
            ("5", None),
            ("1w", None),
            ("-1d", None),
        ] {
            assert_eq!(seconds(text), read, "{text}");
        }
        for (seconds, text) in [(86_400, "1d"), (5_400, "90m"), (90, "90s"), (129_600, "36h")] {
            assert_eq!(in_its_largest_unit(seconds), text);
        }
    }

    #[test]
    fn what_is_missing_or_otherwise_is_told() {
        for (options, told) in [
            ("--ago 1d", "“--filter” is missing"),
            ("--filter a:b", "“--ago” is missing"),
            ("--filter a:b --ago 1w", "“1w” is not a time such as 2d3h6m."),
            ("--untagged --untagged-only", "both given"),
            ("--untagged-only --ago 3d", "“--ago” has no equal"),
            ("--untagged-only --keep 5", "“--keep” has no equal"),
            ("--filter .*:.* --ago 0d", "no policy does that"),
        ] {
            let error = import("acr-purge", options).unwrap_err();
            assert!(error.0.detail.contains(told), "{options}: {error}");
        }
        let warned = read("--filter a:b --ago 1d --include-locked -p hunter2 --untagged").warnings.join(" ");
        assert!(warned.contains("locks") && warned.contains("--clock any") && !warned.contains("hunter2"), "{warned}");
        assert!(warned.contains("add --untagged") && read("--filter a:b --ago 1d").warnings.join(" ").contains("leaves images"));
    }
}
