//! `models/…`: models (the CNCF's model specification), and files that have no better home.

use crate::{
    Error,
    document::{Descriptor, about, words},
    layer,
    maker::{Artifact, Maker},
    seed,
    series::{Alias, Job, Release, Series},
};
use serde_json::json;
use std::fmt::Write;

pub(crate) fn jobs() -> Vec<Job> {
    let series = |name, minors, first, last, aliases| Series { name, minors, first, last, prefix: "", aliases };
    let embed = series("embed-small", &[("1.0", 2), ("1.1", 2), ("2.0", 1)], 300.0, 19.0, &[Alias::Major, Alias::Latest]);
    let rerank = series("rerank", &[("0.1", 3)], 120.0, 33.0, &[Alias::Latest]);
    let mut jobs = embed.jobs("models/embed-small", |maker, release| {
        let weights = 350_000 + 250_000 * release.place;
        push(maker, &release, "embed-small", "Sentence embeddings, small enough for a laptop", "22m", weights)
    });
    jobs.extend(
        rerank.jobs("models/rerank", |maker, release| push(maker, &release, "rerank", "Puts the best answers first", "33m", 400_000)),
    );
    jobs.extend([140.0, 48.0].map(|days| Job::new("models/training-notes", days, notes)));
    jobs
}

fn push(maker: &mut Maker<'_>, release: &Release, name: &'static str, description: &str, size: &str, weights: usize) -> Result<(), Error> {
    let version = &release.version;
    let tokenizer =
        json!({"version": "1.0", "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102}}});
    // As its format begins: the length of the header, then the header.
    let header = json!({"embeddings.weight": {"dtype": "F16", "shape": [weights / 768, 384], "data_offsets": [0, weights]}}).to_string();
    let mut safetensors = (header.len() as u64).to_le_bytes().to_vec();
    safetensors.extend_from_slice(header.as_bytes());
    safetensors.extend(seed::noise(&format!("{name} {version}"), weights));
    let readme = format!("# {name}\n\n{description}. Version {version}.\n\n- 384 dimensions\n- float16\n- Apache-2.0\n");
    let files = [
        ("model.safetensors", "application/vnd.cncf.model.weight.v1.raw", safetensors),
        ("tokenizer.json", "application/vnd.cncf.model.weight.config.v1.raw", tokenizer.to_string().into_bytes()),
        ("README.md", "application/vnd.cncf.model.doc.v1.raw", readme.into_bytes()),
        ("LICENSE", "application/vnd.cncf.model.doc.v1.raw", b"Apache License, Version 2.0\n".to_vec()),
    ];
    let digests: Vec<_> = files.iter().map(|(_, _, bytes)| layer::digest(bytes)).collect();
    let layers = files.map(|(path, media_type, bytes)| {
        let file = maker.file(path, media_type, bytes);
        let mut annotations = file.annotations.clone();
        annotations.extend(words([("org.cncf.model.filepath", path)]));
        Descriptor { annotations, ..file }
    });
    let config = json!({
        "descriptor": {"createdAt": maker.created(), "family": name, "name": name, "version": version, "licenses": ["Apache-2.0"], "title": name},
        "config": {"architecture": "transformer", "format": "safetensors", "paramSize": size, "precision": "float16"},
        "modelfs": {"type": "layers", "diffIds": digests},
    });
    let config = Some(maker.json("application/vnd.cncf.model.config.v1+json", &config)?);
    let annotations = about([
        ("title", name),
        ("created", maker.created()),
        ("version", version),
        ("description", description),
        ("licenses", "Apache-2.0"),
    ]);
    let artifact_type = Some("application/vnd.cncf.model.manifest.v1+json");
    maker.artifact(Artifact { artifact_type, config, layers: layers.into(), subject: None, annotations }, &release.tags)?;
    Ok(())
}

const LOSS: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 50\"><path d=\"M0 2Q20 40 100 48\" fill=\"none\" stroke=\"#000\"/></svg>\n";

/// The quarter before a time in RFC 3339: `2026-q3`.
fn quarter_before(time: &str) -> String {
    let mut numbers = time.split('-').map(|number| number.parse().unwrap_or(1));
    let (year, month): (i32, i32) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or(1));
    match (month - 1) / 3 {
        0 => format!("{}-q4", year - 1),
        quarter => format!("{year}-q{quarter}"),
    }
}

/// Files as ORAS pushes them, of a type that nobody has a word for.
fn notes(maker: &mut Maker<'_>) -> Result<(), Error> {
    let quarter = quarter_before(maker.created());
    let mut losses = String::from("step,loss\n");
    for step in 0..300 {
        let _ = writeln!(losses, "{step},{:.4}", 4.0 / (1.0 + f64::from(step) / 20.0));
    }
    let report = format!(
        "# Training notes, {quarter}\n\nWhat was tried, what was kept, and why.\n\n- longer sequences: kept\n- larger batches: no better\n"
    );
    let layers = vec![
        maker.file("report.md", "text/markdown", report),
        maker.file("losses.csv", "text/csv", losses),
        maker.file("plots/loss.svg", "image/svg+xml", LOSS),
    ];
    let annotations =
        about([("created", maker.created()), ("title", "Training notes"), ("description", "What was tried, what was kept, and why")]);
    let artifact_type = Some("application/vnd.example.report.v1");
    maker.artifact(Artifact { artifact_type, layers, annotations, ..Artifact::default() }, &[quarter, "latest".to_owned()])?;
    Ok(())
}
