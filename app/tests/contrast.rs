//! The tokens of the stylesheet against WCAG 2.2: text 4.5 to 1 (1.4.3), what bounds a field 3 to 1 (1.4.11).

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../style/tailwind.css");

/// Each token's light and dark value.
fn tokens() -> BTreeMap<String, [[f64; 3]; 2]> {
    STYLE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--color-")?.split_once(": light-dark("))
        .filter_map(|(name, values)| {
            let (light, dark) = values.trim_end_matches(");").split_once(", ")?;
            Some((name.to_owned(), [rgb(light)?, rgb(dark)?]))
        })
        .collect()
}

fn rgb(text: &str) -> Option<[f64; 3]> {
    let hex = text.strip_prefix('#')?;
    let part = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok().map(|byte| f64::from(byte) / 255.0);
    Some([part(0)?, part(2)?, part(4)?])
}

fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_pair_in_use_can_be_read() {
    let tokens = tokens();
    let pairs: &[(&str, &[&str], f64)] = &[
        ("ink", &["paper", "raised", "sunken", "accent-soft", "warn-soft", "bad-soft"], 7.0),
        ("ink-2", &["paper", "raised", "sunken", "accent-soft", "bad-soft"], 4.5),
        ("ink-3", &["paper", "raised", "sunken", "accent-soft"], 4.5),
        ("link", &["paper", "raised", "sunken", "accent-soft"], 4.5),
        ("accent", &["paper", "raised", "sunken", "accent-soft"], 4.5),
        ("accent-ink", &["accent"], 4.5),
        ("paper", &["ink"], 4.5),
        ("good", &["paper", "raised", "sunken", "accent-soft"], 4.5),
        ("warn", &["paper", "sunken", "warn-soft", "accent-soft"], 4.5),
        ("bad", &["paper", "raised", "bad-soft"], 4.5),
        ("arm64", &["sunken"], 4.5),
        ("edge", &["paper", "raised"], 3.0),
        ("signal", &["paper"], 3.0),
        ("amd64", &["paper", "sunken"], 3.0),
        ("arm", &["paper"], 3.0),
        ("other", &["paper"], 3.0),
    ];
    for (front, backs, least) in pairs {
        for back in *backs {
            for (theme, word) in ["light", "dark"].into_iter().enumerate() {
                let found = contrast(tokens[*front][theme], tokens[*back][theme]);
                assert!(found >= *least, "{front} on {back}, {word}: {found:.2}");
            }
        }
    }
}
