//! Terms of the query language, written.

/// `field:~expression`, quoted where the expression would end early.
pub(super) fn regex(field: &str, expression: &str) -> String {
    if stands_bare(expression) {
        return format!("{field}:~{expression}");
    }
    let mut quoted = String::with_capacity(expression.len() + 2);
    let mut letters = expression.chars().peekable();
    while let Some(c) = letters.next() {
        // In quotes a backslash means something only before a quote and another backslash.
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' if letters.peek().is_none_or(|next| matches!(next, '\\' | '"')) => quoted.push_str("\\\\"),
            c => quoted.push(c),
        }
    }
    format!("{field}:~\"{quoted}\"")
}

/// Whether the language reads it to its end without quotes: a word ends at white space and at a parenthesis that it did not open.
fn stands_bare(expression: &str) -> bool {
    let mut depth = 0_usize;
    let mut letters = expression.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' if letters.next().is_none_or(char::is_whitespace) => return false,
            '"' => return false,
            c if c.is_whitespace() => return false,
            '(' => depth += 1,
            ')' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

/// `field:=a,=b`.
pub(super) fn exact(field: &str, names: &[&str]) -> String {
    let values: Vec<String> = names.iter().map(|n| format!("={n}")).collect();
    format!("{field}:{}", values.join(","))
}

/// Any of them, in parentheses where there are several; empty where there is none.
pub(super) fn any(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        several => format!("({})", several.join(" OR ")),
    }
}

/// All of them; empty ones ask nothing.
pub(super) fn all(parts: &[String]) -> String {
    parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalogue::query::{Expr, Query, Test, TextMatch};

    #[test]
    fn an_expression_is_read_back_as_it_was() {
        for expression in [
            "^v2",
            r"^v\d+(\.\d+)*$",
            "a|b",
            "a b",
            r#"it"s"#,
            r#"\"quoted\""#,
            r"back\\slash",
            r"\\d x",
            "[(]",
            "[)]x",
            r"\(open",
            r"\ x",
            "v1,v2",
            "a:b~c",
            "-x",
            "(?i)^rc",
        ] {
            let query = Query::parse(&format!("({} OR tag:x)", regex("tag", expression))).unwrap_or_else(|e| panic!("{expression}: {e:?}"));
            let Expr::Or(parts) = query.expr() else { panic!("{expression}: {query:?}") };
            let Expr::Term(term) = &parts[0] else { panic!("{expression}") };
            let Test::Tag(any) = &term.test else { panic!("{expression}") };
            let [TextMatch::Regex(read)] = any.as_slice() else { panic!("{expression}: {any:?}") };
            assert_eq!(read.as_str(), expression);
        }
    }

    #[test]
    fn parts_are_joined() {
        assert_eq!(exact("repo", &["a", "b/c"]), "repo:=a,=b/c");
        assert_eq!(any(&[]), "");
        assert_eq!(all(&[String::new(), any(&["a".into(), "b".into()]), "c".into()]), "(a OR b) c");
    }
}
