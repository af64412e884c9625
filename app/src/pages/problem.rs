//! Instead of a page: what happened, why, what mends it, where to go.

use crate::{
    address,
    html::Html,
    model::{Frame, ProblemModel},
    text::visible,
    ui::{
        icon::Icon,
        page::{BUTTON, H2},
        panel,
    },
};
use leptos::prelude::*;

pub(super) fn draw(frame: &Frame, model: &ProblemModel) -> AnyView {
    if frame.fragment {
        let content = view! {
            {panel::problem(&model.problem)}
            {panel::end(frame, "", String::new(), None)}
        };
        return panel::panel(frame, &model.problem.title, content);
    }
    let base = &frame.base;
    let problem = &model.problem;
    let missing = problem.status == 404 || problem.status == 400;
    let icon = if missing { Icon::Search } else { Icon::Alert };
    let hint = problem.hint.as_deref().map(|hint| {
        view! {
            <p class="mt-4 rounded-lg bg-sunken px-4 py-3 text-sm">
                {(!missing).then(|| view! { <span class="font-semibold">"What mends it: "</span> })}
                {visible(hint).into_owned()}
            </p>
        }
    });
    let suggestions = (!model.suggestions.is_empty()).then(|| {
        let mut html = Html::default();
        for reference in &model.suggestions {
            html.raw("<li class=\"border-b border-line\"><a class=\"mono block py-2 text-link\" href=\"")
                .text(&address::reference(base, reference))
                .raw("\">");
            html.text(reference).raw("</a></li>");
        }
        view! {
            <section class="pt-7" aria-labelledby="perhaps">
                <h2 class=H2 id="perhaps">"Perhaps it was"</h2>
                <ul class="border-t border-line" inner_html=html.into_string()></ul>
            </section>
        }
    });
    let repository = model.registry.as_ref().zip(model.repository.as_ref()).map(|(registry, repository)| {
        let place = format!("{}/{repository}", registry.name);
        view! { <a class=BUTTON href=address::reference(base, &place)>{Icon::Tag.view()}{format!("Tags of {repository}")}</a> }
    });
    let registry = model.registry.as_ref().map(|registry| {
        view! { <a class=BUTTON href=address::registry(base, &registry.name)>{Icon::Server.view()}{format!("Registry {}", registry.name)}</a> }
    });
    let request = model.request_id.as_deref().map(|id| {
        view! { <p class="pt-8 text-xs text-ink-3">"In the log this request is " <span class="mono">{visible(id).into_owned()}</span> "."</p> }
    });
    view! {
        <div class="mx-auto max-w-reading pt-14 pb-16 max-md:pt-8">
            <span class="mb-4 grid size-12 place-items-center rounded-xl border border-line bg-raised text-ink-3">{icon.view()}</span>
            <h1 class="text-xl font-[650] tracking-[-0.02em]">{visible(&problem.title).into_owned()}</h1>
            <p class="pt-2 text-md text-ink-2">{visible(&problem.detail).into_owned()}</p>
            {hint}
            {suggestions}
            <div class="flex flex-wrap gap-2 pt-7">
                {repository}
                {registry}
                <a class=BUTTON href=format!("{base}/")>{Icon::Box.view()}"Catalogue"</a>
                <a class=BUTTON href=format!("{base}/search")>{Icon::Search.view()}"Search"</a>
            </div>
            {request}
        </div>
    }
    .into_any()
}
