//! How far something is, as a bar. Drawn as SVG: a width in a style would need a hole in the page's policy.

use leptos::prelude::*;

/// So much of so much; empty where nothing is to be counted.
pub(crate) fn bar(label: &'static str, done: u64, total: u64) -> impl IntoView {
    let share = if total == 0 { 0.0 } else { (done as f64 / total as f64 * 1000.0).clamp(0.0, 1000.0) };
    view! {
        <svg
            class="h-2 w-full rounded-full bg-sunken"
            viewBox="0 0 1000 8"
            preserveAspectRatio="none"
            role="progressbar"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax=total.to_string()
            aria-valuenow=done.to_string()
        >
            <rect class="fill-link" width=format!("{share:.0}") height="8"></rect>
        </svg>
    }
}
