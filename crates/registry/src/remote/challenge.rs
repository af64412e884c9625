//! Reading `WWW-Authenticate` (RFC 9110, 11.6.1), as registries write it.

/// Bytes of all headers together that are read.
const LONGEST: usize = 16 << 10;
/// Challenges and parameters that are read.
const MOST: usize = 32;

/// One challenge: a scheme and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Lower case.
    pub(super) scheme: String,
    /// Names in lower case; a name may stand several times.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Every scope, of one parameter or several, in the order of the challenge and word for word.
    pub(super) fn scopes(&self) -> Vec<String> {
        let scopes = self.parameters.iter().filter(|(n, _)| n == "scope").flat_map(|(_, v)| v.split_ascii_whitespace());
        scopes.map(str::to_owned).collect()
    }
}

/// Reads the challenges of all header lines. Lenient: several in one line, in any order, parameters unquoted, schemes and
/// names in any case. What makes no sense is skipped.
pub(super) fn parse<'h>(lines: impl Iterator<Item = &'h str>) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut budget = LONGEST;
    for line in lines {
        if line.len() > budget {
            break;
        }
        budget -= line.len();
        let mut rest = Rest(line);
        while challenges.len() <= MOST {
            rest.skip(|c| c.is_ascii_whitespace() || c == ',');
            if rest.0.is_empty() {
                break;
            }
            let word = rest.take(|c| !c.is_ascii_whitespace() && !matches!(c, ',' | '=' | '"'));
            if word.is_empty() {
                // A stray quote or equals sign.
                rest.one();
                continue;
            }
            let before = rest.0;
            rest.skip(|c| c.is_ascii_whitespace());
            if rest.0.starts_with('=') {
                rest.one();
                let value = rest.value();
                if let Some(challenge) = challenges.last_mut().filter(|c| c.parameters.len() < MOST) {
                    challenge.parameters.push((word.to_ascii_lowercase(), value));
                }
            } else {
                rest.0 = before;
                challenges.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
            }
        }
    }
    challenges.truncate(MOST);
    challenges
}

struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, which: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !which(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, which: impl Fn(char) -> bool) {
        self.take(which);
    }

    fn one(&mut self) {
        let mut chars = self.0.chars();
        chars.next();
        self.0 = chars.as_str();
    }

    /// A quoted text, or whatever stands before the next comma or space.
    fn value(&mut self) -> String {
        self.skip(|c| c.is_ascii_whitespace());
        if !self.0.starts_with('"') {
            return self.take(|c| !c.is_ascii_whitespace() && c != ',').trim_end_matches('"').to_owned();
        }
        self.one();
        let mut value = String::new();
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => value.extend(chars.next()),
                c => value.push(c),
            }
        }
        self.0 = chars.as_str();
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(line: &str) -> Vec<Challenge> {
        parse(std::iter::once(line))
    }

    #[test]
    fn distributions_challenge() {
        let c = one(
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push registry:catalog:*",error="insufficient_scope""#,
        );
        assert_eq!(c.len(), 1);
        assert_eq!((c[0].scheme.as_str(), c[0].parameter("realm")), ("bearer", Some("https://auth.example/token")));
        assert_eq!(c[0].scopes(), ["repository:a/b:pull,push", "registry:catalog:*"]);
        assert_eq!(c[0].parameter("error"), Some("insufficient_scope"));
    }

    #[test]
    fn several_challenges_unquoted_and_in_any_case() {
        let c = one(r"BASIC REALM=x, Negotiate YII==, bearer Service=s , realm = https://a/t,scope=repository:a:pull");
        let schemes: Vec<_> = c.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes[0], "basic");
        let bearer = c.iter().find(|c| c.scheme == "bearer").unwrap();
        assert_eq!(bearer.parameter("realm"), Some("https://a/t"));
        assert_eq!(bearer.scopes(), ["repository:a:pull"]);
        let two = parse(["Basic realm=\"a \\\"b\\\", c\"", "Bearer realm=\"t\""].into_iter());
        assert_eq!(two[0].parameter("realm"), Some("a \"b\", c"));
        assert_eq!(two[1].scheme, "bearer");
    }

    proptest! {
        #[test]
        fn any_text_is_read_within_bounds(text in "\\PC{0,300}") {
            let c = one(&text);
            prop_assert!(c.len() <= MOST);
        }

        #[test]
        fn hard_text_is_read_within_bounds(text in "[Bb \",=\\\\a]{0,200}") {
            prop_assert!(one(&text).len() <= MOST);
        }

        #[test]
        fn what_is_written_is_read(realm in "[ -~]{0,40}", service in "[a-z.]{1,10}", basic_first: bool) {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let bearer = format!("Bearer realm=\"{quoted}\", service={service}");
            let line = if basic_first { format!("Basic realm=\"x, Bearer y=z\", {bearer}") } else { format!("{bearer}, Basic realm=x") };
            let c = one(&line);
            prop_assert_eq!(c.len(), 2);
            let bearer = c.iter().find(|c| c.scheme == "bearer").unwrap();
            prop_assert_eq!(bearer.parameter("realm"), Some(realm.as_str()));
            prop_assert_eq!(bearer.parameter("service"), Some(service.as_str()));
        }
    }
}
