//! The icons: shapes of Lucide (ISC licence) on a grid of 24, drawn from one sprite in the page.

#[cfg(feature = "ssr")]
use leptos::prelude::*;

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident $id:literal $shape:literal,)*) => {
        /// An icon of the sprite.
        #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the islands draw few of them"))]
        #[derive(Clone, Copy)]
        pub(crate) enum Icon { $($(#[$doc])* $name),* }

        impl Icon {
            /// As HTML, hidden from screen readers: a word stands beside it or names what it is in.
            pub(crate) const fn html(self) -> &'static str {
                match self { $(Self::$name => concat!("<svg class=\"i\" aria-hidden=\"true\"><use href=\"#", $id, "\"/></svg>")),* }
            }

            /// What stands in its `svg`.
            #[cfg(feature = "ssr")]
            pub(crate) const fn inner(self) -> &'static str {
                match self { $(Self::$name => concat!("<use href=\"#", $id, "\"/>")),* }
            }
        }

        #[cfg(feature = "ssr")]
        const SYMBOLS: &str = concat!($("<symbol id=\"", $id, "\" viewBox=\"0 0 24 24\">", $shape, "</symbol>"),*);
    };
}

icons! {
    /// What stays closed.
    Lock "i-lock" r#"<rect width="18" height="11" x="3" y="11" rx="2"/><path d="M7 11V7a5 5 0 0 1 10 0v4"/>"#,
    /// Two, one beside the other.
    Compare "i-compare" r#"<rect width="7" height="18" x="3" y="3" rx="1"/><rect width="7" height="18" x="14" y="3" rx="1"/>"#,
    /// Search.
    Search "i-search" r#"<path d="m21 21-4.34-4.34"/><circle cx="11" cy="11" r="8"/>"#,
    /// What opens.
    Down "i-down" r#"<path d="m6 9 6 6 6-6"/>"#,
    /// Onwards.
    Right "i-right" r#"<path d="m9 18 6-6-6-6"/>"#,
    /// Back.
    Left "i-left" r#"<path d="m15 18-6-6 6-6"/>"#,
    /// An image.
    Box "i-box" r#"<path d="M21 8a2 2 0 0 0-1-1.73l-7-4a2 2 0 0 0-2 0l-7 4A2 2 0 0 0 3 8v8a2 2 0 0 0 1 1.73l7 4a2 2 0 0 0 2 0l7-4A2 2 0 0 0 21 16Z"/><path d="m3.3 7 8.7 5 8.7-5"/><path d="M12 22V12"/>"#,
    /// A chart.
    Wheel "i-wheel" r#"<circle cx="12" cy="12" r="8"/><path d="M12 2v7.5M19 5l-5.23 5.23M22 12h-7.5M19 19l-5.23-5.23M12 14.5V22M10.23 13.77 5 19M9.5 12H2M10.23 10.23 5 5"/><circle cx="12" cy="12" r="2.5"/>"#,
    /// Any other artifact.
    File "i-file" r#"<path d="M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z"/><path d="M14 2v5a1 1 0 0 0 1 1h5"/>"#,
    /// Something signed.
    Shield "i-shield" r#"<path d="M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1z"/><path d="m9 12 2 2 4-4"/>"#,
    /// Copy.
    Copy "i-copy" r#"<rect width="14" height="14" x="8" y="8" rx="2"/><path d="M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2"/>"#,
    /// Done.
    Check "i-check" r#"<path d="M20 6 9 17l-5-5"/>"#,
    /// Not so.
    Cross "i-cross" r#"<path d="M18 6 6 18M6 6l12 12"/>"#,
    /// Not known.
    Minus "i-minus" r#"<path d="M5 12h14"/>"#,
    /// The light theme.
    Sun "i-sun" r#"<circle cx="12" cy="12" r="4"/><path d="M12 2v2M12 20v2M4.93 4.93l1.41 1.41M17.66 17.66l1.41 1.41M2 12h2M20 12h2M6.34 17.66l-1.41 1.41M19.07 4.93l-1.41 1.41"/>"#,
    /// The dark theme.
    Moon "i-moon" r#"<path d="M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401"/>"#,
    /// The system's theme.
    Monitor "i-monitor" r#"<rect width="20" height="14" x="2" y="3" rx="2"/><path d="M8 21h8M12 17v4"/>"#,
    /// An order.
    Sort "i-sort" r#"<path d="m3 16 4 4 4-4M7 20V4M21 8l-4-4-4 4M17 4v16"/>"#,
    /// A link that leaves.
    External "i-external" r#"<path d="M15 3h6v6M10 14 21 3M18 13v6a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h6"/>"#,
    /// A warning.
    Alert "i-alert" r#"<path d="m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3M12 9v4M12 17h.01"/>"#,
    /// To be known.
    Info "i-info" r#"<circle cx="12" cy="12" r="10"/><path d="M12 16v-4M12 8h.01"/>"#,
    /// Anew.
    Refresh "i-refresh" r#"<path d="M21 12a9 9 0 1 1-9-9c2.52 0 4.93 1 6.74 2.74L21 8"/><path d="M21 3v5h-5"/>"#,
    /// Get the file.
    Download "i-download" r#"<path d="M12 15V3M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4M7 10l5 5 5-5"/>"#,
    /// Recent; the language.
    Clock "i-clock" r#"<circle cx="12" cy="12" r="10"/><path d="M12 6v6l4 2"/>"#,
    /// A tag.
    Tag "i-tag" r#"<path d="M12.586 2.586A2 2 0 0 0 11.172 2H4a2 2 0 0 0-2 2v7.172a2 2 0 0 0 .586 1.414l8.704 8.704a2.426 2.426 0 0 0 3.42 0l6.58-6.58a2.426 2.426 0 0 0 0-3.42z"/><circle cx="7.5" cy="7.5" r=".5" fill="currentColor"/>"#,
    /// A digest.
    Hash "i-hash" r#"<path d="M4 9h16M4 15h16M10 3 8 21M16 3l-2 18"/>"#,
    /// Takes away.
    Trash "i-trash" r#"<path d="M10 11v6M14 11v6M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6M3 6h18M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2"/>"#,
    /// To another place.
    Transfer "i-transfer" r#"<path d="m16 3 4 4-4 4M20 7H4M8 21l-4-4 4-4M4 17h16"/>"#,
    /// Puts back.
    Undo "i-undo" r#"<path d="M9 14 4 9l5-5"/><path d="M4 9h10.5a5.5 5.5 0 0 1 0 11H11"/>"#,
    /// What else can be done.
    More "i-more" r#"<path stroke-width="3" d="M5 12h.01M12 12h.01M19 12h.01"/>"#,
    /// The pages of the head.
    Menu "i-menu" r#"<path d="M4 5h16M4 12h16M4 19h16"/>"#,
    /// A registry.
    Server "i-server" r#"<rect width="20" height="8" x="2" y="2" rx="2"/><rect width="20" height="8" x="2" y="14" rx="2"/><path d="M6 6h.01M6 18h.01"/>"#,
}

#[cfg(feature = "ssr")]
impl Icon {
    /// Of a kind of content.
    pub(crate) fn of_kind(kind: &str) -> Self {
        match kind {
            "image" | "index" | "" => Self::Box,
            "helm" => Self::Wheel,
            "signature" => Self::Shield,
            _ => Self::File,
        }
    }

    /// In a view.
    pub(crate) fn view(self) -> impl IntoView {
        view! { <svg class="i" aria-hidden="true" inner_html=self.inner()></svg> }
    }
}

/// The shapes, once in each page. Hidden by its size: what is not displayed cannot be referred to everywhere.
#[cfg(feature = "ssr")]
pub(crate) fn sprite() -> impl IntoView {
    view! { <svg class="absolute size-0" aria-hidden="true" inner_html=SYMBOLS></svg> }
}
