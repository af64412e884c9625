//! The WASM entry point: wakes the islands that the server's pages carry.

/// Called once by the page's boot script; each island's own function is then called for each of its elements.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    app::wake();
    leptos::mount::hydrate_islands();
}
