//! registry-cli's options (registry.py at 15f0c00).

use super::{
    Imported,
    options::{self, Given, Known, Takes, known},
    terms, wrong,
};
use crate::Result;
use api::Policy;
use oci::{RepositoryName, Tag};

static OPTIONS: &[Known] = &[
    known("login", Some('l'), Takes::One),
    known("read-password", Some('w'), Takes::Nothing),
    known("host", Some('r'), Takes::One),
    known("delete", Some('d'), Takes::Nothing),
    known("num", Some('n'), Takes::Perhaps),
    known("debug", None, Takes::Nothing),
    known("dry-run", None, Takes::Nothing),
    known("image", Some('i'), Takes::Many),
    known("images-like", None, Takes::Many),
    known("keep-tags", None, Takes::Many),
    known("tags-like", None, Takes::Many),
    known("keep-tags-like", None, Takes::Many),
    known("no-validate-ssl", None, Takes::Nothing),
    known("delete-all", None, Takes::Nothing),
    known("layers", None, Takes::Nothing),
    known("delete-by-hours", None, Takes::Perhaps),
    known("keep-by-hours", None, Takes::Perhaps),
    known("digest-method", None, Takes::One),
    known("auth-method", None, Takes::One),
    known("order-by-date", None, Takes::Nothing),
    known("plain", None, Takes::Nothing),
];

/// What --delete keeps where --num says nothing.
const KEPT: u32 = 10;

/// Options that change nothing about what goes, with what takes their place.
const ASIDE: [(&str, &str); 9] = [
    ("login", "is a setting here: SUPERCARGO_REGISTRY_USERNAME with SUPERCARGO_REGISTRY_PASSWORD_FILE."),
    ("read-password", "is a setting here: SUPERCARGO_REGISTRY_PASSWORD_FILE."),
    ("no-validate-ssl", "is a setting here: SUPERCARGO_REGISTRY_CA_FILE, or SUPERCARGO_REGISTRY_INSECURE_SKIP_VERIFY=true."),
    ("layers", "shows layers: supercargo inspect REF."),
    ("plain", "is not needed: in a pipe, tables are plain lines."),
    ("debug", "has no equal."),
    ("digest-method", "is not needed: a registry that gives no digest by HEAD is asked by GET."),
    ("auth-method", "is not needed."),
    ("dry-run", "is not needed: nothing is done without --yes."),
];

/// Reads the options.
pub(super) fn read(words: &[String]) -> Result<Imported> {
    let given = options::read(words, OPTIONS)?;
    let (all, delete) = (given.has("delete-all"), given.has("delete"));
    let (older, newer) = (hours(&given, "delete-by-hours")?, hours(&given, "keep-by-hours")?);
    if !all && !delete && older.is_none() {
        return Err(wrong("These options only list: nothing would be cleaned up.")
            .hint("To list there are supercargo ls, supercargo tags REF and supercargo inspect REF."));
    }
    if delete && !all && older.is_some() {
        return Err(wrong("“--delete” and “--delete-by-hours” are two clean-ups, one after the other.").hint("Import each by itself."));
    }
    let mut warnings: Vec<String> =
        ASIDE.iter().filter(|(name, _)| given.has(name)).map(|(name, what)| format!("--{name} {what}")).collect();
    let mut policy = Policy::default();
    keep(&given, &mut policy, &mut warnings)?;
    // What is newer than the one stays, what is older than the other goes: the longer of the two holds both.
    let age = if all { newer } else { older.max(newer) };
    if let Some(hours) = age {
        policy.older_than = Some(format!("{hours}h"));
        policy.clock = Some("created".into());
    }
    let tags_like = terms::any(&patterns(&given, "tags-like", "tag"));
    if older.is_some() && !all && !tags_like.is_empty() {
        warnings.push("registry-cli ignores --tags-like with --delete-by-hours and takes every old tag; this policy does not.".into());
    }
    policy.r#match = terms::all(&[images(&given, &mut warnings)?, tags_like]);
    if all && age.is_none() {
        if policy.r#match.is_empty() {
            return Err(wrong("“--delete-all” without --image takes every tag there is, and no policy does that.")
                .hint("Delete repositories by their names: supercargo rm NAME."));
        }
        warnings.push("A whole repository is deleted more simply by supercargo rm NAME.".into());
    }
    policy.protect = terms::any(&[kept_by_name(&given)?, patterns(&given, "keep-tags-like", "tag")].concat());
    Ok(Imported { policy, registry: given.word("host").map(str::to_owned), warnings })
}

/// How many stay, and in which order they are counted.
fn keep(given: &Given, policy: &mut Policy, warnings: &mut Vec<String>) -> Result<()> {
    let number = given.number("num")?;
    if given.has("delete-all") || !(given.has("delete") || number.is_some()) {
        return Ok(());
    }
    if number == Some(0) {
        return Err(wrong("“--num 0” deletes nothing with registry-cli.").hint("Where every tag is to go, say --delete-all."));
    }
    policy.keep = Some(number.unwrap_or(KEPT));
    policy.keep_of = Some("all".into());
    if given.has("order-by-date") {
        policy.keep_by = Some("created".into());
    } else {
        policy.keep_by = Some("version".into());
        warnings.push(
            "Tags that are no versions, such as latest or snapshot-17, have no place in this order and stay; registry-cli counts them \
             by the natural order of their names. --keep-by created or pushed counts them by time."
                .into(),
        );
    }
    if !given.has("delete") {
        warnings.push("registry-cli ignores --num with --delete-by-hours and takes every old tag; this policy keeps the newest.".into());
    }
    Ok(())
}

fn hours(given: &Given, option: &str) -> Result<Option<u32>> {
    // Without a value it is as if it were not there.
    if given.word(option).is_some() { given.number(option) } else { Ok(None) }
}

/// The repositories meant: by name, else by expression.
fn images(given: &Given, warnings: &mut Vec<String>) -> Result<String> {
    let names = given.words("image");
    if names.is_empty() {
        return Ok(terms::any(&patterns(given, "images-like", "repo")));
    }
    if given.has("images-like") {
        warnings.push("registry-cli ignores --images-like beside --image, and so does this policy.".into());
    }
    let mut whole = Vec::new();
    let mut parts = Vec::new();
    for text in names {
        let (name, tag) = text.split_once(':').map_or((text.as_str(), ""), |(name, tag)| (name, tag));
        RepositoryName::parse(name)?;
        if tag.is_empty() {
            whole.push(name);
        } else {
            Tag::parse(tag)?;
            parts.push(format!("{} {}", terms::exact("repo", &[name]), terms::exact("tag", &[tag])));
            warnings.push(format!("registry-cli finds nothing under {text}; this policy takes that tag."));
        }
    }
    if !whole.is_empty() {
        parts.insert(0, terms::exact("repo", &whole));
    }
    Ok(terms::any(&parts))
}

fn patterns(given: &Given, option: &str, field: &str) -> Vec<String> {
    given.words(option).iter().map(|expression| terms::regex(field, expression)).collect()
}

fn kept_by_name(given: &Given) -> Result<Vec<String>> {
    let names: Vec<&str> = given.words("keep-tags").iter().map(String::as_str).collect();
    for name in &names {
        Tag::parse(name)?;
    }
    Ok(if names.is_empty() { Vec::new() } else { vec![terms::exact("tag", &names)] })
}

#[cfg(test)]
mod tests {
    use super::super::{Imported, import};
    use api::Policy;

    fn read(options: &str) -> Imported {
        import("registry-cli", options).unwrap_or_else(|e| panic!("{options}: {e}"))
    }

    fn kept(keep: u32) -> Policy {
        Policy { keep: Some(keep), keep_by: Some("version".into()), keep_of: Some("all".into()), ..Policy::default() }
    }

    #[test]
    fn its_own_examples_mean_policies() {
        let older = |hours: &str| (Some(hours.to_owned()), Some("created".to_owned()));
        for (options, policy) in [
            ("registry.py -l user:pass -r https://example.com:5000 --delete", kept(10)),
            ("-r https://example.com:5000 --delete --num 5", kept(5)),
            (
                r#"-r https://example.com:5000 --delete --tags-like "snapshot-" "^stable-[0-9]{4}.*""#,
                Policy { r#match: "(tag:~snapshot- OR tag:~^stable-[0-9]{4}.*)".into(), ..kept(10) },
            ),
            (
                r#"-r https://example.com:5000 --delete --tags-like "snapshot-" --keep-tags "stable" "latest""#,
                Policy { r#match: "tag:~snapshot-".into(), protect: "tag:=stable,=latest".into(), ..kept(10) },
            ),
            ("-r https://example.com:5000 -i ubuntu --delete-all", Policy { r#match: "repo:=ubuntu".into(), ..Policy::default() }),
            (
                "-r https://example.com:5000 -i api-docs-origin/master --dry-run --delete-by-hours 24 --keep-tags c59c02c2 --keep-tags-like late",
                Policy {
                    r#match: "repo:=api-docs-origin/master".into(),
                    protect: "(tag:=c59c02c2 OR tag:~late)".into(),
                    older_than: older("24h").0,
                    clock: older("24h").1,
                    ..Policy::default()
                },
            ),
            (
                "-r https://example.com:5000 --dry-run --delete --keep-by-hours 72 --keep-tags-like latest",
                Policy { protect: "tag:~latest".into(), older_than: older("72h").0, clock: older("72h").1, ..kept(10) },
            ),
            (
                "-r http://a --images-like ^team/ -d -n 3 --order-by-date",
                Policy { r#match: "repo:~^team/".into(), keep_by: Some("created".into()), ..kept(3) },
            ),
            (
                "-r http://a -i a b:1.0 --delete-all --tags-like ^1",
                Policy { r#match: "(repo:=a OR repo:=b tag:=1.0) tag:~^1".into(), ..Policy::default() },
            ),
            ("-r http://a --delete-by-hours 24 --keep-by-hours 48", {
                Policy { older_than: older("48h").0, clock: older("48h").1, ..Policy::default() }
            }),
        ] {
            assert_eq!(read(options).policy, policy, "{options}");
        }
        assert_eq!(read("-r https://example.com:5000 -d").registry.as_deref(), Some("https://example.com:5000"));
    }

    #[test]
    fn what_is_otherwise_here_is_told_and_no_password() {
        let told = |options: &str| read(options).warnings.join(" ");
        let warned = told("-r http://a -l user:hunter2 -d --layers --no-validate-ssl");
        for part in ["SUPERCARGO_REGISTRY_PASSWORD_FILE", "supercargo inspect", "INSECURE_SKIP_VERIFY", "such as latest"] {
            assert!(warned.contains(part), "{part}: {warned}");
        }
        assert!(!warned.contains("hunter2"));
        assert!(told("--delete-by-hours 5 --tags-like x").contains("ignores --tags-like"));
        assert!(told("--delete-by-hours 5 --num 3").contains("ignores --num"));
        assert!(told("-i a:1 --delete-all").contains("finds nothing under a:1"));
        assert!(told("-i a --delete-all").contains("supercargo rm"));
        assert_eq!(told("-i a --delete-by-hours 24"), "");
    }

    #[test]
    fn what_means_no_clean_up_is_refused() {
        for (options, told) in [
            ("-r http://a", "These options only list"),
            ("-r http://a -i ubuntu --layers", "These options only list"),
            ("-r http://a --delete-by-hours", "These options only list"),
            ("-r https://example.com:5000 --delete-all --dry-run", "no policy does that"),
            ("--delete --num 0", "“--num 0” deletes nothing"),
            ("--delete --num five", "“--num” wants a whole number"),
            ("--delete --num", "“--num” wants a whole number"),
            ("--delete --delete-by-hours 5", "two clean-ups"),
            ("--delete -i UBUNTU", "not a repository name"),
            ("--delete --keep-tags a/b", "not a tag"),
            ("--delete --bogus", "“--bogus” is none of its options."),
        ] {
            let error = import("registry-cli", options).unwrap_err();
            assert!(error.0.detail.contains(told), "{options}: {error}");
        }
    }
}
