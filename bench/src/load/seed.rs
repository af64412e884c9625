//! Storage written as a registry leaves it, in a fraction of the time that pushing takes: distribution's layout
//! (docker-registry 2.x, registry 3.x, ours) and zot's, an image layout for each repository.

use super::content::{Bulk, Image, MANIFEST, digest};
use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

#[derive(Clone, Copy)]
pub(super) enum Layout {
    Distribution,
    Zot,
}

impl FromStr for Layout {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "distribution" => Ok(Self::Distribution),
            "zot" => Ok(Self::Zot),
            _ => anyhow::bail!("{word} is no layout"),
        }
    }
}

fn write(file: PathBuf, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(file, bytes)?)
}

fn hex(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

/// A repository's folder and what is above all of them.
struct Place<'a> {
    top: PathBuf,
    repository: PathBuf,
    layout: Layout,
    name: &'a str,
}

impl<'a> Place<'a> {
    fn new(folder: &str, layout: Layout, name: &'a str) -> Self {
        let top = match layout {
            Layout::Distribution => Path::new(folder).join("docker/registry/v2"),
            Layout::Zot => PathBuf::from(folder),
        };
        let repository = match layout {
            Layout::Distribution => top.join("repositories").join(name),
            Layout::Zot => top.join(name),
        };
        Self { top, repository, layout, name }
    }

    fn bytes(&self, digest: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let hex = hex(digest);
        write(
            match self.layout {
                Layout::Distribution => self.top.join(format!("blobs/sha256/{}/{hex}/data", &hex[..2])),
                Layout::Zot => self.repository.join(format!("blobs/sha256/{hex}")),
            },
            bytes,
        )
    }

    fn link(&self, folder: &str, digest: &str) -> anyhow::Result<()> {
        write(self.repository.join(folder).join("link"), digest.as_bytes())
    }

    fn blob(&self, digest: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.bytes(digest, bytes)?;
        match self.layout {
            Layout::Distribution => self.link(&format!("_layers/sha256/{}", hex(digest)), digest),
            Layout::Zot => Ok(()),
        }
    }

    /// The images, and which tag names which.
    fn images(&self, images: &[Image], tags: usize) -> anyhow::Result<()> {
        for image in images {
            self.blob(&image.config_digest, image.config.as_bytes())?;
            self.bytes(&image.digest, image.manifest.as_bytes())?;
        }
        let tagged = (0..tags).map(|tag| (format!("v{tag:04}"), &images[tag % images.len()]));
        match self.layout {
            Layout::Distribution => {
                for image in images {
                    self.link(&format!("_manifests/revisions/sha256/{}", hex(&image.digest)), &image.digest)?;
                }
                for (tag, image) in tagged {
                    self.link(&format!("_manifests/tags/{tag}/current"), &image.digest)?;
                    self.link(&format!("_manifests/tags/{tag}/index/sha256/{}", hex(&image.digest)), &image.digest)?;
                }
            }
            Layout::Zot => {
                let manifests: Vec<String> = tagged
                    .map(|(tag, image)| {
                        let (digest, size) = (&image.digest, image.manifest.len());
                        format!(r#"{{"mediaType":"{MANIFEST}","digest":"{digest}","size":{size},"annotations":{{"org.opencontainers.image.ref.name":"{tag}"}}}}"#)
                    })
                    .collect();
                self.zot_index(&manifests)?;
            }
        }
        Ok(())
    }

    fn zot_index(&self, manifests: &[String]) -> anyhow::Result<()> {
        write(self.repository.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        let index =
            format!(r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}]}}"#, manifests.join(","));
        write(self.repository.join("index.json"), index.as_bytes())
    }
}

/// So many repositories, `PREFIX-00000` and on, each with so many tags over so many different images.
pub(super) fn images(folder: &str, layout: Layout, prefix: &str, repositories: usize, tags: usize, images: usize) -> anyhow::Result<()> {
    for nth in 0..repositories {
        let name = format!("{prefix}-{nth:05}");
        let place = Place::new(folder, layout, &name);
        let images: Vec<Image> = (0..images.max(1)).map(|image| Image::named(&format!("{} {image}", place.name))).collect();
        place.images(&images, tags)?;
    }
    Ok(())
}

/// One blob of so many bytes, in a repository that has nothing else. Its digest.
pub(super) fn blob(folder: &str, layout: Layout, repository: &str, bytes: usize) -> anyhow::Result<String> {
    let place = Place::new(folder, layout, repository);
    let bytes = Bulk::of(bytes).shared;
    let digest = digest(&bytes);
    place.blob(&digest, &bytes)?;
    if matches!(layout, Layout::Zot) {
        place.zot_index(&[])?;
    }
    Ok(digest)
}
