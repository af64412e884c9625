//! What remains to be done after a delete for the disk space to come back.

use plan::Step;
use registry::Capability;

/// Sentences for a plan that deletes. What is freed by a delete itself, and what only by the registry's own collection, is told apart.
pub(super) fn disk_space(capabilities: &[Capability], registry: &str, steps: &[Step]) -> Vec<String> {
    let product = capabilities.iter().find(|c| c.name == "product").and_then(|c| c.hint.as_deref()).unwrap_or_default();
    let mut notes = Vec::new();
    if product.contains("Harbor") {
        notes.push(format!("{registry} frees the space at its next garbage collection (Harbor: Administration, Clean Up)."));
    } else if product.contains("Azure") {
        notes.push(format!("{registry} frees the space by itself within minutes to hours."));
    } else {
        notes.push(format!(
            "{registry} frees no space by itself. When nobody pushes (set it read only, or stop it), run in its container: registry garbage-collect \
             /etc/docker/registry/config.yml (registry:3: /etc/distribution/config.yml). Then start it again: it remembers layers that are gone."
        ));
        notes.push(
            "Leave out --delete-untagged (-m) on registry:2: there it deletes the platforms of multi-platform images that are still tagged.".to_owned(),
        );
    }
    if steps.iter().any(|s| matches!(s, Step::DeleteManifest { .. })) {
        notes.push("Until that collection the delete can be undone.".to_owned());
    }
    notes
}
