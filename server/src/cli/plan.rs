//! A plan as a table.

use super::output::Output;
use api::{Effect, Fate, Plan};

/// What goes, stays and appears, and why; then what that frees.
pub(super) fn written(plan: &Plan, out: Output) -> String {
    let rows: Vec<Vec<String>> = plan
        .effects
        .iter()
        .map(|e| {
            vec![
                e.effect.as_str().to_owned(),
                e.kind.as_str().to_owned(),
                reference(e, out),
                out.digest(e.digest.as_deref()),
                e.why.clone(),
            ]
        })
        .collect();
    if !out.is_terminal() && !rows.is_empty() {
        let frees = vec!["frees".to_owned(), String::new(), String::new(), String::new(), out.size(plan.frees)];
        return out.format(&[], &rows.into_iter().chain([frees]).collect::<Vec<_>>(), 4);
    }
    let table = if rows.is_empty() { String::new() } else { out.format(&["EFFECT", "KIND", "REFERENCE", "DIGEST", "WHY"], &rows, 4) };
    let more = match plan.effects_total.saturating_sub(plan.effects.len() as u64) {
        0 => String::new(),
        more => format!("… and {more} more\n"),
    };
    let frees = match plan.frees {
        _ if !plan.effects.iter().any(|e| e.effect == Fate::Goes) => String::new(),
        None => "It cannot be told what that frees.\n".into(),
        frees => format!("Frees {}.\n", out.size(frees)),
    };
    table + &more + &frees
}

/// A whole reference for programs; people have the digest in its own column.
fn reference(effect: &Effect, out: Output) -> String {
    match effect.reference.split_once('@') {
        Some((repository, _)) if out.is_terminal() => repository.to_owned(),
        _ => effect.reference.clone(),
    }
}

/// What stands in its way, and how it is done, in sentences.
pub(super) fn remarks(plan: &Plan) -> Vec<String> {
    let problems = plan.problems.iter().map(|p| match &p.hint {
        Some(hint) => format!("{} {hint}", p.detail),
        None => p.detail.clone(),
    });
    problems.chain(plan.consent.iter().cloned()).chain(plan.notes.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::change::tests::plan, *};
    use api::{EffectKind, PlanProblem};

    fn example() -> Plan {
        let effect = |effect, kind, reference: &str, why: &str| Effect {
            kind,
            reference: reference.into(),
            digest: Some(format!("sha256:{}", "3f2a".repeat(16))),
            effect,
            why: why.into(),
        };
        Plan {
            effects: vec![
                effect(Fate::Goes, EffectKind::Tag, "local/team/api:1", "it was named"),
                effect(Fate::Stays, EffectKind::Tag, "local/team/api:2", "it names the same image"),
            ],
            effects_total: 5,
            frees: Some(184_000_000),
            problems: vec![PlanProblem { code: "x".into(), detail: "One is not.".into(), hint: Some("Do so.".into()) }],
            notes: vec!["By tag.".into()],
            consent: None,
            ..plan()
        }
    }

    #[test]
    fn a_pipe_gets_a_row_an_effect_and_one_for_the_bytes() {
        let text = written(&example(), Output::pipe());
        let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split('\t').collect()).collect();
        assert_eq!(rows[0][..3], ["goes", "tag", "local/team/api:1"]);
        assert_eq!((rows[0][3].len(), rows[0][4]), (71, "it was named"));
        assert_eq!(rows[2], ["frees", "", "", "", "184000000"]);
    }

    #[test]
    fn a_terminal_gets_a_table_and_sentences() {
        let text = written(&example(), Output::terminal(100));
        assert!(text.starts_with("EFFECT  KIND  REFERENCE"), "{text}");
        assert!(text.ends_with("… and 3 more\nFrees 184 MB.\n"), "{text}");
        assert!(written(&Plan { frees: None, ..example() }, Output::terminal(100)).ends_with("It cannot be told what that frees.\n"));
        assert_eq!(written(&plan(), Output::terminal(100)), "");
        assert_eq!(remarks(&example()), ["One is not. Do so.", "By tag."]);
    }
}
