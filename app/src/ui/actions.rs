//! Pull: the line for each client, by tag or pinned by digest. All lines are in the page; radio buttons choose.

use crate::{
    html::Html,
    ui::{
        icon::Icon,
        page::{BUTTON, BUTTON_PRIMARY},
        value,
    },
};
use leptos::prelude::*;

/// What can be pulled.
#[derive(Debug, Clone)]
pub(crate) struct Pull {
    /// `host/repository:tag`; none where only a digest was asked for.
    pub(crate) by_tag: Option<String>,
    /// `host/repository@digest`; none where the digest is not known.
    pub(crate) by_digest: Option<String>,
    /// What it is: charts are pulled by helm.
    pub(crate) kind: String,
}

/// The clients, their value in the form and their word.
const CLIENTS: [(&str, &str); 8] = [
    ("docker", "docker"),
    ("podman", "podman"),
    ("nerdctl", "nerdctl"),
    ("skopeo", "skopeo"),
    ("crane", "crane"),
    ("helm", "helm"),
    ("from", "FROM"),
    ("reference", "reference only"),
];

/// The line that a client wants.
pub(crate) fn line(client: &str, reference: &str) -> String {
    match client {
        "docker" | "podman" | "nerdctl" => format!("{client} pull {reference}"),
        "skopeo" => format!("skopeo copy docker://{reference} dir:image"),
        "crane" => format!("crane pull {reference} image.tar"),
        "helm" => helm(reference),
        "from" => format!("FROM {reference}"),
        _ => reference.to_owned(),
    }
}

/// Helm takes the tag as a flag, and the digest in the reference.
fn helm(reference: &str) -> String {
    let name_at = reference.rfind('/').map_or(0, |slash| slash + 1);
    match reference[name_at..].rfind(':').filter(|_| !reference.contains('@')) {
        Some(colon) => format!("helm pull oci://{} --version {}", &reference[..name_at + colon], &reference[name_at + colon + 1..]),
        None => format!("helm pull oci://{reference}"),
    }
}

/// The lines and the choices. `id` tells the radio buttons of two such boxes on a page apart.
pub(crate) fn lines(pull: &Pull, id: &'static str) -> impl IntoView + use<> {
    let first = if pull.kind == "helm" { "helm" } else { "docker" };
    let mut html = Html::with_capacity(8 << 10);
    html.raw("<div class=\"pull\" data-pull data-default=\"").raw(first).raw("\"><div class=\"relative\">");
    for (client, _) in CLIENTS {
        html.raw("<div data-client=\"").raw(client).raw("\">");
        for (class, reference) in [("by-tag", &pull.by_tag), ("by-digest", &pull.by_digest)] {
            // Where there is but one of the two, it is shown whatever is chosen.
            let alone = pull.by_tag.is_none() || pull.by_digest.is_none();
            let Some(reference) = reference else { continue };
            let line = line(client, reference);
            html.raw("<div class=\"").raw(if alone { "" } else { class });
            html.raw("\"><pre class=\"mono rounded-lg border border-line bg-sunken py-3 pr-11 pl-4 leading-relaxed whitespace-pre-wrap\">");
            html.text(&line).raw("</pre><span class=\"absolute top-2 right-2\">");
            value::copy(&mut html, &line, "Copy this line");
            html.raw("</span></div>");
        }
        html.raw("</div>");
    }
    html.raw("</div><fieldset class=\"flex flex-wrap gap-x-0.5 gap-y-0.5 pt-2 text-xs\"><legend class=\"sr-only\">Client</legend>");
    for (client, word) in CLIENTS {
        let name = if id == "menu" { "pull-menu" } else { "pull-card" };
        html.raw("<label><input type=\"radio\" name=\"").raw(name).raw("\" value=\"").raw(client).raw("\"");
        html.raw(if client == first { " checked>" } else { ">" }).raw(word).raw("</label>");
    }
    html.raw("</fieldset>");
    if pull.by_tag.is_some() && pull.by_digest.is_some() {
        let name = if id == "menu" { "pin-menu" } else { "pin-card" };
        html.raw("<fieldset class=\"flex flex-wrap gap-x-0.5 pt-1 text-xs\"><legend class=\"sr-only\">Named by</legend>");
        html.raw("<label><input type=\"radio\" name=\"").raw(name).raw("\" value=\"tag\" checked>by tag</label>");
        html.raw("<label><input type=\"radio\" name=\"").raw(name).raw("\" value=\"digest\">pinned by digest</label></fieldset>");
    }
    html.raw("</div>");
    view! { <div inner_html=html.into_string()></div> }
}

/// The button in the heading that opens them.
pub(crate) fn menu(pull: &Pull, primary: bool) -> impl IntoView + use<> {
    view! {
        <details class="relative max-md:static" name="menu">
            <summary class=if primary { BUTTON_PRIMARY } else { BUTTON }>{Icon::Download.view()}"Pull"{Icon::Down.view()}</summary>
            <div class="absolute right-0 z-20 mt-1.5 w-[min(460px,calc(100vw-32px))] rounded-xl border border-line-strong bg-raised p-4 shadow-pop max-md:left-0 max-md:w-auto">
                {lines(pull, "menu")}
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn every_client_gets_a_line_that_works() {
        assert_eq!(line("docker", "h:5000/team/api:v1"), "docker pull h:5000/team/api:v1");
        assert_eq!(line("helm", "h:5000/charts/ingress:4.1"), "helm pull oci://h:5000/charts/ingress --version 4.1");
        assert_eq!(line("helm", "h:5000/charts/ingress@sha256:ab"), "helm pull oci://h:5000/charts/ingress@sha256:ab");
        assert_eq!(line("helm", "h:5000/charts/ingress"), "helm pull oci://h:5000/charts/ingress");
        assert_eq!(line("skopeo", "h/a:1"), "skopeo copy docker://h/a:1 dir:image");
        assert_eq!(line("from", "h/a:1"), "FROM h/a:1");
        assert_eq!(line("reference", "h/a:1"), "h/a:1");
    }
}
