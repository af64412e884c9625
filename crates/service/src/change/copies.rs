//! Which images a copy is about, and where each comes to lie.

use super::stored::Stored;
use crate::{Error, Result, Service};
use api::Code;
use oci::{Digest, Platform, Reference, RepositoryName, Tag, Target};
use plan::{Copying, Place};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Images that one job may copy.
const IMAGES: usize = 100_000;

/// One side of a copy as it was written, `*` allowed in repository and tag.
struct Pattern {
    registry: String,
    repository: String,
    target: Option<String>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(Code::NotAReference, format!("“{}” {why}.", super::clipped(text)))
                .hint("Write registry/repository:tag, registry/repository for all its tags, or registry/team/*:v2.*")
        };
        let (registry, rest) = text.split_once('/').unwrap_or((text, ""));
        if !oci::registry_name(registry) {
            return Err(wrong("does not begin with a registry's name"));
        }
        let (repository, target) = match rest.split_once('@') {
            Some((repository, digest)) => (repository, Some(format!("@{digest}"))),
            None => match rest.split_once(':') {
                Some((repository, tag)) => (repository, Some(format!(":{tag}"))),
                None => (rest, None),
            },
        };
        Ok(Self { registry: registry.to_owned(), repository: repository.trim_end_matches('/').to_owned(), target })
    }

    fn is_glob(&self) -> bool {
        self.repository.contains('*') || self.target.as_ref().is_some_and(|t| t.contains('*'))
    }
}

/// A place in a registry.
type Named = (RepositoryName, Option<Tag>);

/// An image to be copied, and what the stars of the pattern stood for in its repository.
struct Found {
    registry: String,
    repository: RepositoryName,
    tag: Option<Tag>,
    digest: Digest,
    media_type: String,
    size: Option<u64>,
    stars: Vec<String>,
}

impl Service {
    pub(super) async fn plan_copy(&self, from: &str, to: &str, platforms: &[String]) -> Result<Stored> {
        let to_pattern = Pattern::parse(to)?;
        let (number, _) = self.registry_of(&to_pattern.registry)?;
        self.may_change(&to_pattern.registry)?;
        let platforms: Vec<plan::Text> = platforms
            .iter()
            .map(|p| {
                Platform::parse(p).map(|p| p.to_string().into()).ok_or_else(|| {
                    Error::new(Code::BadQuery, format!("“{}” is not a platform.", super::clipped(p)))
                        .hint("A platform is os/architecture, such as linux/arm64.")
                })
            })
            .collect::<Result<_>>()?;
        let mut found = Vec::new();
        for from in from.split_whitespace() {
            let pattern = Pattern::parse(from)?;
            self.registry_of(&pattern.registry)?;
            if pattern.is_glob() || pattern.target.is_none() {
                found.extend(self.all_that_match(&pattern).await?);
            } else {
                found.push(self.one(from).await?);
            }
        }
        if found.is_empty() {
            return Err(Error::new(Code::TagNotFound, format!("Nothing matches {from}.")));
        }
        if found.len() > IMAGES {
            return Err(Error::new(Code::BadRequest, format!("{} images match; a job copies at most {IMAGES}.", found.len())));
        }
        let mut copies = Vec::new();
        // By where it comes to lie, where it is from.
        let mut places: BTreeMap<Named, (String, Named)> = BTreeMap::new();
        for image in &found {
            let (repository, tag) = destination(&to_pattern, image, found.len())?;
            if to_pattern.registry == image.registry && repository == image.repository && tag == image.tag {
                return Err(Error::new(Code::BadRequest, format!("{from} would be copied onto itself.")));
            }
            let source = (image.registry.clone(), (image.repository.clone(), image.tag.clone()));
            if let Some(other) = places.insert((repository.clone(), tag.clone()), source.clone())
                && other != source
            {
                return Err(Error::new(Code::BadRequest, format!("Several images would come to {repository}."))
                    .hint("Put a * where their names differ: prod/backup/*"));
            }
            copies.push(Copying {
                from: Place {
                    registry: image.registry.as_str().into(),
                    repository: image.repository.as_str().into(),
                    tag: image.tag.as_ref().map(|t| t.as_str().into()),
                },
                digest: image.digest.as_str().into(),
                media_type: image.media_type.as_str().into(),
                repository: repository.as_str().into(),
                tag: tag.map(|t| t.as_str().into()),
                platforms: platforms.clone(),
                size: image.size,
            });
        }
        let targets: BTreeSet<RepositoryName> = places.keys().map(|(repository, _)| repository.clone()).collect();
        self.know_targets(number, &targets).await?;
        let snapshot = self.snapshot(number, targets.into_iter().collect()).await?;
        let part = plan::copy(&snapshot, &copies);
        let summary = match copies.as_slice() {
            [_] => format!("Copy {from} to {to}"),
            several if from.contains(' ') => format!("Copy {} images to {to}", several.len()),
            several => format!("Copy {} images from {from} to {to}", several.len()),
        };
        Ok(Stored { summary, parts: vec![part], ..Stored::default() })
    }

    /// The repositories that images come to are read, where they exist.
    async fn know_targets(&self, number: u16, targets: &BTreeSet<RepositoryName>) -> Result<()> {
        for target in targets {
            match self.0.catalogue.read_again(number, target).await {
                Ok(_) | Err(registry::Error::NotFound(_)) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    async fn one(&self, text: &str) -> Result<Found> {
        let reference = Reference::parse(text)?;
        // As it is now, not as it was when last looked at.
        if let (Some(Target::Tag(tag)), (number, _)) = (&reference.target, self.repository_of(&reference).await?) {
            self.0.catalogue.ensure_tag(number, &reference.repository, tag).await.map_err(|e| match e {
                registry::Error::NotFound(_) => Error::new(Code::TagNotFound, format!("There is no {reference}.")),
                other => other.into(),
            })?;
        }
        let (digest, media_type, size) = self.facts(&reference).await?;
        let tag = match reference.target {
            Some(Target::Tag(tag)) => Some(tag),
            _ => None,
        };
        Ok(Found { registry: reference.registry, repository: reference.repository, tag, digest, media_type, size, stars: Vec::new() })
    }

    /// Every tag of the repositories that match.
    async fn all_that_match(&self, pattern: &Pattern) -> Result<Vec<Found>> {
        let (number, _) = self.registry_of(&pattern.registry)?;
        let repositories = glob(&pattern.repository)?;
        let tags = match pattern.target.as_deref() {
            None => None,
            Some(target) => Some(glob(
                target
                    .strip_prefix(':')
                    .ok_or_else(|| Error::new(Code::NotAReference, "A digest takes no star.").hint("Name tags: registry/team/*:v2.*"))?,
            )?),
        };
        if !pattern.repository.contains('*') {
            let name = RepositoryName::parse(&pattern.repository)?;
            let reference = Reference { registry: pattern.registry.clone(), repository: name.clone(), target: None };
            self.repository_of(&reference).await?;
            self.0.catalogue.read_again(number, &name).await?;
        }
        let model = self.0.catalogue.model();
        let mut found = Vec::new();
        for (_, repo) in model.repos().filter(|(_, r)| r.registry == number) {
            let Some(captures) = repositories.captures(&repo.name) else { continue };
            let Ok(repository) = RepositoryName::parse(&repo.name) else { continue };
            let stars: Vec<String> = captures.iter().skip(1).flatten().map(|m| m.as_str().to_owned()).collect();
            for (&name, &manifest) in repo.names.iter().zip(&repo.manifests) {
                let name = model.names.text(name);
                if tags.as_ref().is_some_and(|t| !t.is_match(name)) {
                    continue;
                }
                let (Some(digest), Ok(tag)) = (model.digest(manifest).and_then(|d| Digest::parse(&d).ok()), Tag::parse(name)) else {
                    continue;
                };
                let media_type = model.manifest(manifest).map(|m| model.texts.text(m.media_type).to_owned()).unwrap_or_default();
                let size = model.size(manifest);
                found.push(Found {
                    registry: pattern.registry.clone(),
                    repository: repository.clone(),
                    tag: Some(tag),
                    digest,
                    media_type,
                    size,
                    stars: stars.clone(),
                });
            }
        }
        Ok(found)
    }
}

/// Where one image comes to lie.
fn destination(to: &Pattern, image: &Found, images: usize) -> Result<(RepositoryName, Option<Tag>)> {
    let name = if to.repository.is_empty() {
        image.repository.to_string()
    } else {
        let mut name = String::new();
        let mut stars = image.stars.iter();
        let mut rest = to.repository.as_str();
        while let Some((before, after)) = rest.split_once('*') {
            name.push_str(before);
            rest = after.trim_start_matches('*');
            name.push_str(stars.next().map_or_else(|| image.repository.as_str(), String::as_str));
        }
        name + rest
    };
    let repository = RepositoryName::parse(&name)?;
    let tag = match to.target.as_deref() {
        None | Some(":*") => image.tag.clone(),
        Some(tag) if images == 1 && !tag.contains('*') => match tag.strip_prefix(':') {
            Some(tag) => Some(Tag::parse(tag)?),
            None => {
                return Err(Error::new(Code::NotAReference, "An image is copied to a tag, not to a digest.")
                    .hint("Leave the digest out: it stays the same."));
            }
        },
        Some(_) => {
            return Err(Error::new(Code::BadRequest, format!("{images} images cannot come to one tag."))
                .hint("Leave the tag out: each keeps its own."));
        }
    };
    Ok((repository, tag))
}

/// A pattern as an expression: `*` stands for anything but a slash, `**` for anything.
fn glob(pattern: &str) -> Result<Regex> {
    let mut expression = String::from("^");
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('*') {
        expression.push_str(&regex::escape(before));
        if let Some(after) = after.strip_prefix('*') {
            expression.push_str("(.*)");
            rest = after;
        } else {
            expression.push_str("([^/]*)");
            rest = after;
        }
    }
    expression.push_str(&regex::escape(rest));
    expression.push('$');
    Regex::new(&expression).map_err(|e| Error::new(Code::NotAReference, format!("“{}” is no pattern: {e}.", super::clipped(pattern))))
}
