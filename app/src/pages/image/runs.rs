//! What an image runs, out of its configuration: read leniently, for builders write what they like.

use crate::{html::Html, ui::value};
use serde_json::Value;

/// Writes the facts as pairs of a list; false where there are none.
pub(super) fn write(html: &mut Html, config: &Value) -> bool {
    let run = config.get("config").or_else(|| config.get("Config")).unwrap_or(&Value::Null);
    let mut facts = Facts { html, any: false };
    facts.mono("Entrypoint", &command(run.get("Entrypoint")));
    facts.mono("Command", &command(run.get("Cmd")));
    facts.mono("Ports", &keys(run.get("ExposedPorts")));
    user(&mut facts, text(run.get("User")));
    facts.mono("Working directory", text(run.get("WorkingDir")));
    facts.mono("Volumes", &keys(run.get("Volumes")));
    health(&mut facts, run.get("Healthcheck"));
    facts.mono("Stop signal", text(run.get("StopSignal")));
    environment(&mut facts, run.get("Env"));
    facts.plain("Author", text(config.get("author")));
    facts.any
}

struct Facts<'a> {
    html: &'a mut Html,
    any: bool,
}

impl Facts<'_> {
    fn name(&mut self, name: &'static str) {
        self.any = true;
        self.html.raw("<dt>").raw(name).raw("</dt>");
    }

    fn mono(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            self.html.raw("<dd class=\"mono whitespace-pre-wrap\">").text(text).raw("</dd>");
        }
    }

    fn plain(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            self.html.raw("<dd>");
            value::linked(self.html, text);
            self.html.raw("</dd>");
        }
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default().trim()
}

/// An exec-form command as one would type it; a text as it is.
fn command(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).map(quoted).collect::<Vec<_>>().join(" "),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    }
}

fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:=@%+,$".contains(&b));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn keys(value: Option<&Value>) -> String {
    value.and_then(Value::as_object).map(|map| map.keys().cloned().collect::<Vec<_>>().join("  ")).unwrap_or_default()
}

fn user(facts: &mut Facts<'_>, user: &str) {
    facts.name("User");
    let name = user.split(':').next().unwrap_or_default();
    let is_root = matches!(name, "" | "root" | "0");
    facts
        .html
        .raw("<dd><span class=\"mono\">")
        .text(if user.is_empty() { "root" } else { user })
        .raw("</span> <span class=\"text-xs text-ink-3\">");
    facts.html.raw(match (user.is_empty(), is_root) {
        (true, _) => "no user is set",
        (false, true) => "",
        (false, false) => "not root",
    });
    facts.html.raw("</span></dd>");
}

fn health(facts: &mut Facts<'_>, health: Option<&Value>) {
    let Some(test) = health.and_then(|health| health.get("Test")).and_then(Value::as_array) else { return };
    let words: Vec<&str> = test.iter().filter_map(Value::as_str).collect();
    let line = match words.as_slice() {
        ["NONE"] | [] => return,
        ["CMD-SHELL", line] => (*line).to_owned(),
        ["CMD", words @ ..] => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        words => words.join(" "),
    };
    facts.name("Health check");
    facts.html.raw("<dd><span class=\"mono\">").text(&line).raw("</span>");
    // Nanoseconds, as Go counts a duration.
    let interval = health.and_then(|health| health.get("Interval")).and_then(Value::as_u64).unwrap_or_default() / 1_000_000_000;
    if interval > 0 {
        facts.html.raw(" <span class=\"text-xs text-ink-3\">every ").number(interval).raw(" s</span>");
    }
    facts.html.raw("</dd>");
}

/// How many variables are seen without asking.
const SEEN: usize = 4;

fn environment(facts: &mut Facts<'_>, env: Option<&Value>) {
    let variables: Vec<&str> = env.and_then(Value::as_array).map(|env| env.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    if variables.is_empty() {
        return;
    }
    facts.name("Environment");
    facts.html.raw("<dd class=\"mono\">");
    let (seen, rest) = variables.split_at(if variables.len() > SEEN + 1 { SEEN } else { variables.len() });
    for variable in seen {
        write_variable(facts.html, variable);
    }
    if !rest.is_empty() {
        facts
            .html
            .raw("<details id=\"environment\"><summary class=\"min-h-6 font-sans text-sm text-link\">and ")
            .number(rest.len() as u64)
            .raw(" more</summary>");
        for variable in rest {
            write_variable(facts.html, variable);
        }
        facts.html.raw("</details>");
    }
    facts.html.raw("</dd>");
}

/// A variable on its line; the value of one that looks like a secret is shown only when asked for. It is no secret any
/// more: whoever can pull the image can read it, and the page says so.
fn write_variable(html: &mut Html, variable: &str) {
    let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
    if value.is_empty() || !looks_secret(name) {
        html.raw("<div>").text(variable).raw("</div>");
        return;
    }
    html.raw("<div class=\"flex flex-wrap\">").text(name).raw("=");
    secret_aside(html, name, value).raw("</div>");
}

/// A variable's value, behind a word where it looks like a secret.
pub(in crate::pages) fn secret_aside<'a>(html: &'a mut Html, name: &str, value: &str) -> &'a mut Html {
    if !looks_secret(name) {
        return html.text(value);
    }
    html.raw(
        "<details><summary class=\"min-h-6 rounded-sm bg-warn-soft px-1.5 text-warn\" title=\"Anyone who can pull the image can read it\">",
    );
    html.raw("looks secret, show</summary>").text(value).raw("</details>")
}

fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "PASSWORD", "PASSWD", "SECRET", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(config: &Value) -> String {
        let mut html = Html::default();
        write(&mut html, config);
        html.into_string()
    }

    #[test]
    fn commands_read_as_one_would_type_them() {
        let html = written(&json!({"config": {"Entrypoint": ["sh", "-c", "echo it's"], "Cmd": null, "User": "10001:10001"}}));
        assert!(html.contains("sh -c &#39;echo it&#39;\\&#39;&#39;s&#39;"), "{html}");
        assert!(html.contains("not root") && !html.contains("Command"), "{html}");
    }

    #[test]
    fn what_looks_secret_is_not_seen_at_once() {
        let html = written(&json!({"config": {"Env": ["PATH=/bin", "API_TOKEN=abc"]}}));
        assert!(html.contains("<div>PATH=/bin</div>"), "{html}");
        assert!(html.contains("API_TOKEN=<details>") && html.contains("show</summary>abc</details>"), "{html}");
    }

    #[test]
    fn odd_configurations_are_no_error() {
        for config in
            [json!(null), json!([]), json!({"config": 7}), json!({"config": {"Env": "x", "Entrypoint": 1, "Healthcheck": {"Test": [1]}}})]
        {
            assert!(!written(&config).contains("Entrypoint"));
        }
    }
}
