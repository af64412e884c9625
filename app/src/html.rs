//! HTML written directly, for the lists: a hundred rows of a dozen elements each cost a view tree ten times as much.
//!
//! Only literals go in as they are; everything else is escaped and its deceptive characters made visible. There is
//! no third way in.

use crate::text::is_deceptive;

/// A piece of HTML under construction.
#[derive(Default)]
pub(crate) struct Html(String);

impl Html {
    /// Room for about so many bytes.
    #[cfg(feature = "ssr")]
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Markup of ours.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Any text, as text; safe between tags and within a quoted attribute.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        escape(text, &mut self.0);
        self
    }

    /// A number, as digits.
    #[cfg(feature = "ssr")]
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.text(&number.to_string())
    }

    /// What was written the same way.
    pub(crate) fn html(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// For `inner_html`.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Bytes that stand for themselves in text and in attributes: ASCII without control characters and without `&<>"'`.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
        byte += 1;
    }
    plain
};

fn escape(text: &str, into: &mut String) {
    // Nearly all there is to write is plain to its end; what is not begins at a character.
    let plain = text.bytes().position(|byte| !PLAIN[usize::from(byte)]).unwrap_or(text.len());
    let (plain, text) = text.split_at(plain);
    into.push_str(plain);
    let bytes = text.as_bytes();
    let mut written = 0;
    for (index, character) in text.char_indices() {
        let replacement = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            ' '..='~' => continue,
            c if is_deceptive(c) => "",
            _ => continue,
        };
        into.push_str(&text[written..index]);
        if replacement.is_empty() {
            into.push_str(&crate::text::visible(&text[index..index + character.len_utf8()]));
        } else {
            into.push_str(replacement);
        }
        written = index + character.len_utf8();
    }
    debug_assert!(written <= bytes.len());
    into.push_str(&text[written..]);
}

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.raw("<b title=\"").text("\" onclick='x' <i>").raw("\">").text("<script>&amp;</script>").raw("</b>");
        assert_eq!(html.into_string(), "<b title=\"&quot; onclick=&#39;x&#39; &lt;i&gt;\">&lt;script&gt;&amp;amp;&lt;/script&gt;</b>");
    }

    #[test]
    fn what_hides_is_shown() {
        let mut html = Html::default();
        html.text("ab\u{202e}cd\u{0}é").raw(" ").text("é & \u{7f}").raw(" ").text("\u{200b}").text("");
        assert_eq!(html.into_string(), "ab⟨U+202E⟩cd⟨U+0000⟩é é &amp; ⟨U+007F⟩ ⟨U+200B⟩");
    }
}
