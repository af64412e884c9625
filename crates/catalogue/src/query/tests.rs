use super::*;
use oci::Kind;
use proptest::prelude::*;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// 2026-11-05T12:00:00Z.
const NOW: i64 = 1_793_880_000_000;

#[derive(Debug, Clone)]
struct Thing {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
    description: Option<String>,
    labels: Option<Vec<(String, String)>>,
    platforms: Option<Vec<String>>,
    kinds: Option<Vec<Kind>>,
    created: Option<i64>,
    pushed: Option<i64>,
    size: Option<u64>,
    signed: Option<bool>,
    layers: Option<u32>,
    base: Option<String>,
}

impl Facts for Thing {
    fn registry(&self) -> &str {
        &self.registry
    }
    fn repository(&self) -> &str {
        &self.repository
    }
    fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }
    fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
    fn labels(&self) -> Option<Vec<(&str, &str)>> {
        self.labels.as_ref().map(|l| l.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect())
    }
    fn platforms(&self) -> Option<Vec<&str>> {
        self.platforms.as_ref().map(|p| p.iter().map(String::as_str).collect())
    }
    fn kinds(&self) -> Option<Vec<Kind>> {
        self.kinds.clone()
    }
    fn created_ms(&self) -> Option<i64> {
        self.created
    }
    fn pushed_ms(&self) -> Option<i64> {
        self.pushed
    }
    fn size(&self) -> Option<u64> {
        self.size
    }
    fn signed(&self) -> Option<bool> {
        self.signed
    }
    fn layers(&self) -> Option<u32> {
        self.layers
    }
    fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }
}

/// `prod/team/pay/api:v2.14.0-Alpine`, everything known.
fn api() -> Thing {
    Thing {
        registry: "prod".into(),
        repository: "team/pay/api".into(),
        tag: Some("v2.14.0-Alpine".into()),
        digest: Some(format!("sha256:3f2a91{}", "0".repeat(58))),
        description: Some("Takes the customers' Money".into()),
        labels: Some(vec![
            ("team".into(), "payments".into()),
            ("org.opencontainers.image.vendor".into(), "Example (Europe) GmbH".into()),
            ("empty".into(), String::new()),
        ]),
        platforms: Some(vec!["linux/amd64".into(), "linux/arm/v7".into()]),
        kinds: Some(vec![Kind::Index]),
        created: Some(NOW - 40 * DAY),
        pushed: Some(NOW - 3 * DAY),
        size: Some(600_000_000),
        signed: Some(true),
        layers: Some(12),
        base: Some("docker.io/library/alpine:3.20".into()),
    }
}

/// `local/web:latest`, of which nothing else was read yet.
fn bare() -> Thing {
    Thing {
        registry: "local".into(),
        repository: "web".into(),
        tag: Some("latest".into()),
        digest: None,
        description: None,
        labels: None,
        platforms: None,
        kinds: None,
        created: None,
        pushed: None,
        size: None,
        signed: None,
        layers: None,
        base: None,
    }
}

fn matches(query: &str, thing: &Thing) -> bool {
    Query::parse(query).unwrap_or_else(|e| panic!("{e}\n{}", e.pointed(query))).matches(thing, NOW)
}

#[test]
fn what_finds_an_image_of_which_all_is_known() {
    let table = [
        // Words.
        ("", true),
        ("pay", true),
        ("PAY api", true),
        ("pay nothing", false),
        ("pay OR nothing", true),
        ("nothing OR nobody", false),
        ("pay AND api", true),
        ("pay -api", false),
        ("pay -web", true),
        ("pay NOT web", true),
        ("nothing api OR pay", true),
        ("nothing (api OR pay)", false),
        ("-(api web)", true),
        ("-(api OR web)", false),
        ("pay/api:v2.14", true),
        ("prod/team", true),
        ("money", true),
        ("\"customers' money\"", true),
        ("\"money customers'\"", false),
        ("payments", true),
        ("\"(europe)\"", true),
        ("org.opencontainers", false),
        ("3f2a91", true),
        ("3f2a", false),
        ("sha256:3f2a", true),
        ("sha512:3f2a91", false),
        ("team/pay/api@sha256:3f2a91", true),
        ("team/web@sha256:3f2a91", false),
        // Words with a star match the whole name.
        ("v2.*", true),
        ("v2*alpine", true),
        ("v2", true),
        ("2.*", false),
        ("ap?", true),
        ("ap*", true),
        ("pay*", false),
        ("team/*", false),
        ("team/**", true),
        ("prod/team/**", true),
        ("api:v2.*", true),
        ("api:v3.*", false),
        ("web:*", false),
        ("**/api:v2*", true),
        ("\"v2.*\"", false),
        // Names.
        ("registry:prod", true),
        ("registry:pro", false),
        ("registry:p*", true),
        ("registry:local,prod", true),
        ("repo:API", true),
        ("repository:pay", true),
        ("repo:=api", false),
        ("repo:=team/pay/api", true),
        ("repo:team/*", false),
        ("repo:team/*/api", true),
        ("repo:team/**", true),
        ("repo:**/api", true),
        ("repo:~^team/.*/a(p|q)i$", true),
        ("repo:~^TEAM", false),
        ("repo:~(?i)^TEAM", true),
        ("repo:{web,api}", false),
        ("repo:**/{web,api}", true),
        ("tag:alpine", true),
        ("tag:=v2.14.0-alpine", false),
        ("tag:=v2.14.0-Alpine", true),
        ("tag:v[0-9].*", true),
        ("tag:v[!2].*", false),
        ("tag:~^v\\d+\\.\\d+\\.\\d+(-\\w+)?$", true),
        ("(tag:~^v(1|2) api)", true),
        ("label:vendor=~GmbH$ OR tag:~^.\\d+", true),
        ("repo:~^[^/]+/pay", true),
        ("tag:latest,v2.*", true),
        ("-tag:latest,v2.*", false),
        ("digest:3f", true),
        ("digest:sha256:3F2A", true),
        ("digest:sha512:3f2a", false),
        ("digest:4,3f", true),
        // Labels.
        ("label:team", true),
        ("label:tea", false),
        ("label:TEAM=pay", true),
        ("label:team==pay", false),
        ("label:team==payments", true),
        ("label:team=core,payments", true),
        ("label:team=p*s", true),
        ("label:team=~^p.+s$", true),
        ("label:\"org.opencontainers.image.vendor=example (europe)\"", true),
        ("label:org.opencontainers.image.vendor=\"example (europe)\"", true),
        ("label:org.opencontainers.*", true),
        ("label:*=gmbh", true),
        ("label:empty==\"\"", true),
        ("label:team==\"\"", false),
        ("-label:owner", true),
        // Platforms and kinds.
        ("arch:arm", true),
        ("arch:arm64", false),
        ("arch:arm/v7", true),
        ("arch:x86_64", true),
        ("arch:arm*", true),
        ("arch:arm64,amd64", true),
        ("os:linux -os:windows", true),
        ("platform:linux/amd64", true),
        ("platform:linux/arm", false),
        ("platform:linux/arm/*", true),
        ("platform:linux/arm64/v8", false),
        ("kind:index", true),
        ("kind:IMAGE", false),
        ("kind:image,index", true),
        // Comparisons.
        ("age:>30d", true),
        ("age:>2mo", false),
        ("age:1mo..1y", true),
        ("pushed:<7d", true),
        ("pushed:today", false),
        ("pushed:2026-11", true),
        ("pushed:>2026-11-02", false),
        ("pushed:>=2026-11-02", true),
        ("size:>500MB", true),
        ("size:<=572MiB", false),
        ("size:<=573MiB", true),
        ("size:0.5GB..1GB", true),
        ("signed:yes", true),
        ("signed:no", false),
        ("layers:>10", true),
        ("layers:12", true),
        ("layers:1..11,13..20", false),
        ("base:alpine", true),
        ("base:docker.io/*alpine:*", true),
        ("base:*debian*", false),
    ];
    assert!(table.len() >= 40);
    for (query, expected) in table {
        assert_eq!(matches(query, &api()), expected, "{query}");
    }
}

#[test]
fn the_unknown_matches_neither_a_term_nor_its_opposite() {
    for term in [
        "age:>1d",
        "age:<1d",
        "pushed:>1d",
        "pushed:today",
        "size:>1",
        "size:<1TB",
        "signed:yes",
        "signed:no",
        "layers:>0",
        "base:alpine",
        "digest:3f",
        "label:team",
        "arch:arm64",
        "os:linux",
        "platform:linux/arm64",
        "kind:image",
    ] {
        assert!(!matches(term, &bare()), "{term}");
        assert!(!matches(&format!("-{term}"), &bare()), "-{term}");
        assert!(!matches(&format!("-({term} latest)"), &bare()), "-({term} latest)");
        assert!(matches(&format!("{term} OR web"), &bare()), "{term} OR web");
    }
    assert!(matches("web -nothing -tag:v1", &bare()));
    let repository = Thing { tag: None, ..bare() };
    assert!(matches("local/web -tag:latest -latest", &repository));
    assert!(!matches("web:*st", &repository) && matches("web*", &repository));
}

#[test]
fn a_wrong_term_is_pointed_at() {
    let long = "a".repeat(257);
    let table = [
        ("api size:big", "size:big", "a size is a number with a unit", "size:>500MB"),
        ("arhc:arm64 api", "arhc:arm64", "there is no field “arhc:”", "did you mean arch:?"),
        ("lable:team", "lable:team", "there is no field", "did you mean label:?"),
        ("tags:v1", "tags:v1", "there is no field", "did you mean tag:?"),
        ("created:>30d", "created:>30d", "there is no field", "did you mean age:?"),
        ("color:~red", "color:~red", "there is no field", "the fields are repo, tag"),
        ("kibd:image", "kibd:image", "there is no field", "did you mean kind:?"),
        ("a kind:imag", "kind:imag", "there is no kind “imag”", "did you mean image?"),
        ("kind:image,chart", "chart", "there is no kind", "did you mean helm?"),
        ("kind:food", "kind:food", "there is no kind", "the kinds are image, index"),
        ("tag:~v(1", "~v(1", "this is not a regular expression: unclosed group", ""),
        ("tag:~", "~", "a regular expression is missing", ""),
        ("tag:~(?u)\\w{9}", "~(?u)\\w{9}", "this regular expression is too large", ""),
        ("é tag:v[1", "[", "this bracket is never closed", ""),
        ("~^v2", "~^v2", "a regular expression wants a field", "tag:~^v2"),
        ("api \"team", "\"team", "this quote is never closed", ""),
        ("\"\"", "\"\"", "nothing between these quotes", ""),
        ("api (a OR b", "(", "this parenthesis is never closed", ""),
        ("api a) b", ")", "closes nothing", ""),
        ("api ()", "()", "nothing between these parentheses", ""),
        ("OR api", "OR", "OR wants a term on both sides", ""),
        ("api OR", "OR", "OR wants a term on both sides", ""),
        ("(api OR ) b", "OR", "OR wants a term on both sides", ""),
        ("api AND OR b", "AND", "AND wants a term on both sides", ""),
        ("api NOT", "NOT", "NOT wants a term after it", ""),
        ("api - b", "-", "a minus wants a term", ""),
        ("repo:", "repo:", "“repo:” wants a value", "repo:team/*"),
        ("arch:arm64,,amd64", "arch:arm64,,amd64", "a value is missing beside a comma", ""),
        ("label:=x", "label:=x", "a label's key is missing", ""),
        ("age:30d", "age:30d", "a duration wants a comparison", "age:>30d is longer ago"),
        ("age:>2026-01-01", "age:>2026-01-01", "an age is a number with a unit", "age:>30d"),
        ("pushed:soon", "pushed:soon", "a push is compared", ""),
        ("layers:many", "layers:many", "a count of layers is a number", ""),
        ("digest:xyz", "digest:xyz", "a digest begins with hexadecimal digits", ""),
        ("signed:maybe", "signed:maybe", "“signed:” is yes or no", ""),
        (&format!("repo:{long}*"), &format!("{long}*"), "a pattern has at most 256 bytes", ""),
        (&format!("repo:~{long}"), &format!("~{long}"), "a regular expression has at most 256 bytes", ""),
        (&format!("{}x", "(".repeat(17)), "(", "parentheses nest at most 16 deep", ""),
        (&"a ".repeat(65), "a", "a query has at most 64 terms", ""),
        (&format!("repo:{}a", "a,".repeat(64)), &format!("repo:{}a", "a,".repeat(64)), "a query has at most 64 terms", ""),
        (&"é".repeat(2049), "é", "a query has at most 4096 bytes", ""),
    ];
    for (query, at, message, hint) in table {
        let error = Query::parse(query).expect_err(query);
        assert!(error.message.contains(message), "{query}: {error}");
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{query}: {error}");
        assert_eq!(&query[error.start..error.end], at, "{query}: {error}");
    }
    let query = "api arhc:arm64";
    let error = Query::parse(query).unwrap_err();
    assert_eq!(
        format!("{error}\n{}", error.pointed(query)),
        "there is no field “arhc:” (did you mean arch:?)\napi arhc:arm64\n    ^^^^^^^^^^"
    );
}

#[test]
fn a_reference_is_a_word() {
    for reference in [
        "api:v1",
        "app:1",
        "bash:5",
        "bind:9",
        "page:latest",
        "case:v2",
        "localhost:5000/x",
        "web:2026",
        "http://x",
        "foo:",
        "vim:9.1",
        "team/tagz:v1",
        "sine:5",
    ] {
        assert_eq!(Query::parse(reference).unwrap().words(), [reference], "{reference}");
    }
    // A repository that is called like a field is found in quotes.
    assert_eq!(Query::parse("\"registry:2\"").unwrap().words(), ["registry:2"]);
}

#[test]
fn what_a_query_says_of_itself() {
    let words = |q: &str| Query::parse(q).unwrap().words().into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words("Api -web (x OR \"a b\") v2.* tag:y -(-Z) api"), ["api", "x", "a b", "z"]);
    let only = |q: &str| Query::parse(q).unwrap().needs_only_repository();
    assert!(only("repo:team/* -registry:prod") && only(""));
    assert!(!only("team") && !only("repo:a OR tag:b"));
    assert!(Query::parse(" \t\n").unwrap().is_empty() && !Query::parse("a").unwrap().is_empty());
}

#[test]
fn negation_stands_at_the_terms() {
    let expr = |q: &str| Query::parse(q).unwrap().expr().clone();
    assert_eq!(expr("-(a (b OR -c))"), expr("-a OR (-b c)"));
    assert_eq!(expr("--a"), expr("a"));
    assert_eq!(expr("a (b (c))"), expr("a b c"));
    assert_eq!(Query::parse("NOT ( a AND ( b OR c ) )").unwrap().to_string(), "-a OR -b -c");
    assert_eq!(Query::parse("(a OR b) -\"c d\"").unwrap().to_string(), "(a OR b) -\"c d\"");
}

/// A term that parses.
fn term() -> impl Strategy<Value = String> {
    let written = prop::sample::select(vec![
        "api",
        "pay",
        "web",
        "v2.*",
        "\"a b\"",
        "money",
        "\"-x\"",
        "\"OR\"",
        "sha256:3f2a",
        "api:v2*",
        "repo:team/**",
        "repo:=web",
        "tag:~^v(1|2)",
        "tag:latest,v2.*",
        "label:team",
        "label:team=pay",
        "label:\"team=a b\"",
        "arch:arm64,amd64",
        "kind:index",
        "age:>30d",
        "age:<30d",
        "pushed:today",
        "size:>500MB",
        "size:1kB..1GiB",
        "signed:yes",
        "layers:>3",
        "base:alpine",
        "digest:3f",
        "team/pay/api@sha256:3f2a91",
        "repo:\"a\"*",
        "tag:~\"a \\\\d (\"?",
        "registry:prod",
    ]);
    written.prop_filter("parses", |t| Query::parse(t).is_ok()).prop_map(str::to_owned)
}

fn query() -> impl Strategy<Value = String> {
    term().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|v| v.join(" ")),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|v| v.join(" OR ")),
            inner.clone().prop_map(|q| format!("-({q})")),
            inner.prop_map(|q| format!("({q})")),
        ]
    })
}

fn thing() -> impl Strategy<Value = Thing> {
    (prop::sample::select(vec![api(), bare()]), any::<[bool; 8]>(), 0_i64..90, 0_u64..2_000_000_000).prop_map(
        |(mut t, known, days, size)| {
            let [created, sized, signed, tagged, labelled, built, kinds, digest] = known;
            t.created = created.then_some(NOW - days * DAY);
            t.size = sized.then_some(size);
            t.signed = t.signed.filter(|_| signed);
            t.tag = t.tag.filter(|_| tagged);
            t.labels = t.labels.filter(|_| labelled);
            t.platforms = t.platforms.filter(|_| built);
            t.kinds = t.kinds.filter(|_| kinds);
            t.digest = t.digest.filter(|_| digest);
            t
        },
    )
}

fn check_any(text: &str) -> Result<(), TestCaseError> {
    match Query::parse(text) {
        Ok(query) => {
            query.matches(&api(), NOW);
            query.matches(&bare(), NOW);
            let shown = query.to_string();
            prop_assert_eq!(Query::parse(&shown), Ok(query), "{} shown as {}", text, shown);
        }
        Err(error) => {
            prop_assert!(error.start < error.end, "{:?}", error);
            prop_assert!(text.get(error.start..error.end).is_some(), "{:?}", error);
            prop_assert!(!error.message.is_empty() && !error.message.contains('\n'), "{:?}", error);
            prop_assert_eq!(error.pointed(text).lines().count(), 2, "{:?}", error);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_a_query_or_an_error_inside_it(text in "\\PC{0,60}") {
        check_any(&text)?;
    }

    #[test]
    fn any_text_of_the_language_is_a_query_or_an_error_inside_it(
        text in prop::collection::vec(prop::sample::select(vec![
            "repo:", "tag:", "label:", "size:", "age:", "pushed:", "kind:", "arch:", "digest:", "a", "b=", "é", "\u{a0}", " ", " ", "-", "(", ")", "\"", "\\", "*", "**", "?", "[",
            "]", "{", "}", ",", "~", "=", ">", "<", "..", "OR", " OR ", " AND ", "NOT ", "30d", "5MB", "2026-11", "today", "image", "sha256:", "3f2a91", "@", ":", "/", "^", "$", "|", "\n",
        ]), 0..14).prop_map(|parts| parts.concat())
    ) {
        check_any(&text)?;
    }

    #[test]
    fn a_parsed_query_shown_is_the_same_query(text in query()) {
        let parsed = Query::parse(&text).unwrap();
        prop_assert_eq!(&Query::parse(&parsed.to_string()).unwrap(), &parsed);
    }

    #[test]
    fn the_laws_of_logic_hold(a in query(), b in query(), thing in thing()) {
        let is = |q: String| Query::parse(&q).map(|q| q.matches(&thing, NOW)).unwrap();
        prop_assert_eq!(is(format!("-(-({a}))")), is(a.clone()));
        prop_assert_eq!(is(format!("({a}) ({b})")), is(a.clone()) && is(b.clone()));
        prop_assert_eq!(is(format!("({a}) OR ({b})")), is(a.clone()) || is(b.clone()));
        prop_assert_eq!(is(format!("-(({a}) ({b}))")), is(format!("-({a}) OR -({b})")));
        let both = is(a.clone()) && is(format!("-({a})"));
        prop_assert!(!both);
    }

    #[test]
    fn of_what_is_known_each_query_or_its_opposite_is_true(a in query()) {
        let is = |q: &str| Query::parse(q).map(|q| q.matches(&api(), NOW)).unwrap();
        prop_assert_ne!(is(&a), is(&format!("-({a})")));
    }
}
