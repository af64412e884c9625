//! The files of a layer or a chart, as a tar archive.

use crate::{Error, seed};
use std::{collections::HashSet, io};
use tar::{Builder, EntryType, Header};

/// Every file carries the same time (2024-01-01), so that a layer with the same files is the same blob in every build.
const MTIME: u64 = 1_704_067_200;

const ELF: &[u8] = b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00";
const PE: &[u8] = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00";

enum Node {
    File(Vec<u8>),
    Directory,
    Symlink(String),
    Hardlink(String),
}

struct Entry {
    path: String,
    node: Node,
    mode: u32,
    owner: u64,
}

/// What a layer adds, changes and removes. [`Files::mode`] and [`Files::owner`] speak of the entry before them.
#[derive(Default)]
pub(crate) struct Files(Vec<Entry>);

impl Files {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn with(mut self, path: impl Into<String>, node: Node, mode: u32) -> Self {
        self.0.push(Entry { path: path.into(), node, mode, owner: 0 });
        self
    }

    pub(crate) fn text(self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(path, Node::File(text.into().into_bytes()), 0o644)
    }

    /// An executable of so many bytes; Windows' where its name says so. `seed` decides its content.
    pub(crate) fn program(self, path: impl Into<String>, seed: &str, length: usize) -> Self {
        let path = path.into();
        let head = if std::path::Path::new(&path).extension().is_some_and(|e| e == "exe" || e == "dll") { PE } else { ELF };
        let bytes = seed::program(seed, head, length);
        self.with(path, Node::File(bytes), 0o755)
    }

    /// Bytes that are compressed already.
    pub(crate) fn packed(self, path: impl Into<String>, seed: &str, length: usize) -> Self {
        self.with(path, Node::File(seed::noise(seed, length)), 0o644)
    }

    pub(crate) fn directory(self, path: impl Into<String>) -> Self {
        self.with(path, Node::Directory, 0o755)
    }

    pub(crate) fn symlink(self, path: impl Into<String>, to: impl Into<String>) -> Self {
        self.with(path, Node::Symlink(to.into()), 0o777)
    }

    pub(crate) fn hardlink(self, path: impl Into<String>, to: impl Into<String>) -> Self {
        self.with(path, Node::Hardlink(to.into()), 0o755)
    }

    /// `path` of a lower layer is gone (image-spec 1.1, layer.md, "Whiteouts").
    pub(crate) fn removed(self, path: &str) -> Self {
        let path = match path.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/.wh.{name}"),
            None => format!(".wh.{path}"),
        };
        self.with(path, Node::File(Vec::new()), 0o600)
    }

    /// All that lower layers had in `folder` is gone (layer.md, "Opaque Whiteout").
    pub(crate) fn emptied(self, folder: &str) -> Self {
        self.with(format!("{folder}/.wh..wh..opq"), Node::File(Vec::new()), 0o600)
    }

    pub(crate) fn mode(mut self, mode: u32) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.mode = mode;
        }
        self
    }

    /// User and group, by number.
    pub(crate) fn owner(mut self, owner: u64) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.owner = owner;
        }
        self
    }

    /// The archive, with the folders that were not spoken of.
    pub(crate) fn tar(self) -> Result<Vec<u8>, Error> {
        let mut archive = Builder::new(Vec::new());
        let mut folders = HashSet::new();
        for entry in self.0 {
            for (at, _) in entry.path.match_indices('/') {
                let folder = &entry.path[..at];
                if folders.insert(folder.to_owned()) {
                    append(&mut archive, &Entry { path: folder.to_owned(), node: Node::Directory, mode: 0o755, owner: 0 })?;
                }
            }
            if !matches!(entry.node, Node::Directory) || folders.insert(entry.path.clone()) {
                append(&mut archive, &entry)?;
            }
        }
        Ok(archive.into_inner()?)
    }
}

fn append(archive: &mut Builder<Vec<u8>>, entry: &Entry) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(entry.mode);
    header.set_uid(entry.owner);
    header.set_gid(entry.owner);
    header.set_mtime(MTIME);
    header.set_size(0);
    match &entry.node {
        Node::File(bytes) => {
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, &entry.path, bytes.as_slice())
        }
        Node::Directory => {
            header.set_entry_type(EntryType::Directory);
            archive.append_data(&mut header, format!("{}/", entry.path), io::empty())
        }
        Node::Symlink(to) => {
            header.set_entry_type(EntryType::Symlink);
            archive.append_link(&mut header, &entry.path, to)
        }
        Node::Hardlink(to) => {
            header.set_entry_type(EntryType::Link);
            archive.append_link(&mut header, &entry.path, to)
        }
    }
}
