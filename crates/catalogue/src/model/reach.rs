use super::Model;

impl Model {
    /// Adds the blobs of a manifest and all its children.
    pub(super) fn blobs_under(&self, id: u32, depth: usize, blobs: &mut Vec<u32>) {
        blobs.extend_from_slice(self.manifests.blobs(id));
        if depth < oci::limits::DEPTH {
            for child in self.manifests.children(id) {
                self.blobs_under(child.manifest, depth + 1, blobs);
            }
        }
    }

    /// Adds the manifest and everything below it.
    pub(super) fn reach(&self, id: u32, depth: usize, into: &mut Vec<u32>) {
        into.push(id);
        if depth < oci::limits::DEPTH {
            for child in self.manifests.children(id) {
                self.reach(child.manifest, depth + 1, into);
            }
        }
    }

    /// A repository's tags reach these manifests.
    pub(super) fn hold(&mut self, repo: u32, manifests: &[u32]) {
        for &id in manifests {
            if self.reachers.insert(id, repo) {
                self.count(id);
            }
        }
    }

    /// They no longer do.
    pub(super) fn let_go(&mut self, repo: u32, manifests: &[u32]) {
        for &id in manifests {
            if self.reachers.remove(id, repo) {
                for &blob in self.manifests.blobs(id) {
                    self.totals.size = self.totals.size.saturating_sub(self.blobs.let_go(blob));
                }
            }
        }
    }

    /// Counts a manifest's blobs.
    pub(super) fn count(&mut self, id: u32) {
        for &blob in self.manifests.blobs(id) {
            self.totals.size = self.totals.size.saturating_add(self.blobs.hold(blob));
        }
    }

    /// Images of which a manifest is one, for "in N images": those of a layer.
    pub fn images_with(&self, blob: &str) -> u32 {
        self.blobs.find(blob).map_or(0, |b| self.blobs.images(b))
    }
}
