//! The dialog that lists the keys; the companion island opens it.

use crate::ui::icon::Icon;
use leptos::prelude::*;

const KEYS: [(&[&str], &str); 13] = [
    (&["/"], "search everything; also Ctrl K or ⌘ K"),
    (&["f"], "filter this list"),
    (&["j"], "next row"),
    (&["k"], "previous row"),
    (&["↵"], "open the row"),
    (&["x"], "choose the row, or no longer"),
    (&["⇧", "x"], "choose all rows from the last one to here"),
    (&["esc"], "choose none"),
    (&["d"], "delete what is chosen, else the row or what the page shows"),
    (&["y"], "copy the reference of the row or the page"),
    (&["g", "c"], "go to the catalogue"),
    (&["g", "a"], "go to the activity"),
    (&["?"], "this list"),
];

const KBD: &str = "rounded-sm border border-b-2 border-line bg-paper px-1.5 py-0.5 font-mono text-xs text-ink-2";

/// Closed until asked for.
pub(crate) fn dialog() -> impl IntoView {
    let rows: Vec<_> = KEYS
        .into_iter()
        .map(|(keys, what)| {
            let keys: Vec<_> = keys.iter().map(|key| view! { <kbd class=KBD>{*key}</kbd> }).collect();
            view! {
                <div class="flex items-center gap-3 border-b border-line py-2 last:border-0">
                    <dt class="flex w-16 flex-none gap-1">{keys}</dt>
                    <dd>{what}</dd>
                </div>
            }
        })
        .collect();
    view! {
        <dialog
            class="m-auto w-[min(440px,calc(100vw-32px))] rounded-xl border border-line-strong bg-raised p-0 text-ink shadow-pop backdrop:bg-veil"
            id="keys"
            aria-labelledby="keys-title"
        >
            <div class="px-6 pt-5 pb-4">
                <div class="flex items-center justify-between pb-2">
                    <h2 class="text-lg font-[650] tracking-tight" id="keys-title">"Keys"</h2>
                    <form method="dialog">
                        <button class="grid size-7 place-items-center rounded-md text-ink-3 hover:bg-sunken hover:text-ink" aria-label="Close">{Icon::Cross.view()}</button>
                    </form>
                </div>
                <dl>{rows}</dl>
            </div>
        </dialog>
    }
}
