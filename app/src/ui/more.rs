//! What can be done with a thing: behind three dots, in the head of a page or at the end of a row.

use crate::{
    address,
    html::Html,
    model::Frame,
    ui::{
        icon::Icon,
        menu::{ITEM, PANEL_END},
        page::BUTTON,
        panel,
    },
};
use api::{Answer, Registry};
use leptos::prelude::*;

/// What a registry lets us do, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Can {
    /// Anything at all.
    pub(crate) change: bool,
    /// Take away what is in it.
    pub(crate) delete: bool,
}

impl Can {
    /// Of a registry. What cannot be told is tried: the plan says what comes of it.
    pub(crate) fn of(registry: &Registry) -> Self {
        let change = !registry.read_only;
        Self { change, delete: change && deletes(registry) != Answer::No }
    }
}

fn deletes(registry: &Registry) -> Answer {
    registry.capabilities.iter().find(|capability| capability.name == "delete").map_or(Answer::Unknown, |capability| capability.state)
}

/// Why nothing can be deleted and what changes that, in a line; nothing where it can, or where nothing is changed anyway.
pub(crate) fn no_deletes(registry: &Registry) -> Option<AnyView> {
    let capability = registry.capabilities.iter().find(|capability| capability.name == "delete" && capability.state == Answer::No)?;
    if registry.read_only {
        return None;
    }
    let mut html = Html::default();
    html.raw(Icon::Info.html()).raw(" <span>Nothing can be deleted here. ");
    crate::ui::value::sentence(&mut html, capability.hint.as_deref().unwrap_or_default());
    html.raw("</span>");
    Some(view! { <p class="flex gap-2 pt-3 text-sm text-ink-2" inner_html=html.into_string()></p> }.into_any())
}

/// The form that the menus' buttons belong to; once on a page that has such menus.
pub(crate) fn form(frame: &Frame) -> impl IntoView + use<> {
    view! { <form id="one" method="post" action=format!("{}/delete", frame.base) data-change="">{panel::token(frame)}</form> }
}

/// The choices under construction.
pub(crate) struct Items {
    html: Html,
    base: String,
}

const BAD: &str = "flex w-full min-h-8 items-center gap-2 rounded-md px-2.5 py-1 text-left text-sm text-bad hover:bg-bad-soft";

impl Items {
    pub(crate) fn new(base: &str) -> Self {
        Self { html: Html::default(), base: base.to_owned() }
    }

    /// Copies a text; of no use without a script.
    #[must_use]
    pub(crate) fn copy(mut self, text: &str) -> Self {
        self.html
            .raw("<li class=\"scripted\"><button type=\"button\" class=\"w-full ")
            .raw(ITEM)
            .raw("\" data-copy=\"")
            .text(text)
            .raw("\">");
        self.html.raw(Icon::Copy.html()).raw("Copy reference</button></li>");
        self
    }

    /// A link whose page is shown in a dialog: `/retag`, `/copy`.
    #[must_use]
    pub(crate) fn dialog(mut self, icon: Icon, path: &'static str, reference: &str, word: &'static str) -> Self {
        let href = format!("{}{path}?ref={}", self.base, address::value(reference));
        self.html.raw("<li><a class=\"").raw(ITEM).raw("\" data-change href=\"").text(&href).raw("\">");
        self.html.raw(icon.html()).raw(word).raw("</a></li>");
        self
    }

    /// A plain link.
    #[must_use]
    pub(crate) fn link(mut self, icon: Icon, href: &str, word: &'static str) -> Self {
        self.html.raw("<li><a class=\"").raw(ITEM).raw("\" href=\"").text(href).raw("\">").raw(icon.html()).raw(word).raw("</a></li>");
        self
    }

    /// Deletes what a reference names, once the plan is confirmed. `own` is what `d` does on this page.
    #[must_use]
    pub(crate) fn delete(mut self, reference: &str, word: &str, own: bool) -> Self {
        self.html.raw("<li><button form=\"one\" name=\"ref\" class=\"").raw(BAD).raw("\" value=\"").text(reference).raw("\"");
        self.html.raw(if own { " data-delete>" } else { ">" }).raw(Icon::Trash.html()).text(word).raw("</button></li>");
        self
    }

    /// Locks what a reference names.
    #[must_use]
    pub(crate) fn lock(mut self, reference: &str, word: &str) -> Self {
        self.html.raw("<li><button form=\"lock\" name=\"ref\" class=\"w-full ").raw(ITEM).raw("\" value=\"").text(reference).raw("\">");
        self.html.raw(Icon::Lock.html()).text(word).raw("</button></li>");
        self
    }

    /// In the head of a page.
    pub(crate) fn button(self, label: &'static str) -> AnyView {
        let html = self.html.into_string();
        view! {
            <details class="relative max-md:static" name="menu">
                <summary class=BUTTON aria-label=label>{Icon::More.view()}</summary>
                <ul class=PANEL_END id="more" inner_html=html></ul>
            </details>
        }
        .into_any()
    }

    /// At the end of a row: one for all rows, put in the place of a row's link when that is asked for.
    pub(crate) fn template(self) -> AnyView {
        let mut html = Html::default();
        html.raw("<details class=\"relative\" name=\"menu\"><summary class=\"more\"></summary><ul class=\"")
            .raw(PANEL_END)
            .raw("\">")
            .html(&self.html)
            .raw("</ul></details>");
        view! { <template id="row-menu" inner_html=html.into_string()></template> }.into_any()
    }
}
