use crate::{
    model::{Bits, Model, Repo},
    query::WordMatch,
};

/// A plain word, answered for names of repositories, names of tags and what manifests say.
pub(crate) struct Word<'m> {
    pub(super) asked: &'m WordMatch,
    /// By their own name or their registry's.
    pub(crate) repositories: Bits,
    /// Tags' names.
    pub(crate) names: Bits,
    /// By label, description, digest.
    pub(super) manifests: Bits,
    /// Where it reaches from a repository's name into a tag's: repositories whose name ends as it begins, and tags'
    /// names that begin as it ends.
    pub(super) across: Option<(Bits, Bits)>,
    /// Repositories outside of which nothing has it.
    pub(super) within: Bits,
}

impl<'m> Word<'m> {
    pub(super) fn new(model: &'m Model, asked: &'m WordMatch) -> Self {
        let repositories = repositories(model, asked);
        let mut manifests = Bits::default();
        let (names, across) = match asked {
            WordMatch::Contains { text, digest } => {
                manifests = model.saying(text.needle());
                if let Some(prefix) = digest {
                    model.add_beginning(prefix, &mut manifests);
                }
                (model.names.containing(text.needle()), across(model, text.needle()))
            }
            WordMatch::Glob(glob) => (model.names.bits(|name| glob.matches(name)), None),
            WordMatch::Reference { tag: None, .. } => (Bits::default(), None),
            WordMatch::Reference { name, tag: Some(tag) } => {
                let anywhere = WordMatch::Reference { name: name.clone(), tag: None };
                (Bits::default(), Some((self::repositories(model, &anywhere), model.names.bits(|name| tag.matches(name)))))
            }
        };
        let mut within = model.repos_naming(&names);
        within.add(&repositories);
        if !manifests.is_empty() {
            within.add(&model.repos_reaching(&manifests));
        }
        if let Some((begin, end)) = &across {
            let mut both = model.repos_naming(end);
            both.retain(begin);
            within.add(&both);
        }
        Self { asked, repositories, names, manifests, across, within }
    }

    /// What is looked for as part of a text.
    pub(crate) fn needle(&self) -> Option<&'m str> {
        match self.asked {
            WordMatch::Contains { text, .. } => Some(text.needle()),
            _ => None,
        }
    }

    pub(super) fn tag(&self, id: u32, repo: &Repo, i: usize) -> bool {
        let (name, manifest) = (repo.names[i], repo.manifests[i]);
        self.repositories.has(id)
            || self.names.has(name)
            || self.manifests.has(manifest)
            || self.across.as_ref().is_some_and(|(begin, end)| begin.has(id) && end.has(name))
    }
}

/// Repositories that match by the names of registry and repository alone.
fn repositories(model: &Model, word: &WordMatch) -> Bits {
    // A part without a slash stands in `registry/repository` exactly where it stands in one of them.
    if let WordMatch::Contains { text, .. } = word {
        return model.repos_called(text.needle());
    }
    let mut bits = Bits::new(model.repo_bound());
    let registry = |repo: &Repo| model.registries.get(usize::from(repo.registry)).map_or("", String::as_str);
    model.repos().filter(|(_, r)| word.matches_repository(registry(r), &r.name)).for_each(|(id, _)| bits.set(id));
    bits
}

/// Of a word with a colon, as `Word::across`. No tag and no repository's name has a colon, so the last one of the word is
/// where `registry/repository:tag` has its own, or the word stands in a registry's name alone.
fn across(model: &Model, needle: &str) -> Option<(Bits, Bits)> {
    let (begin, end) = needle.rsplit_once(':')?;
    let mut repositories = Bits::new(model.repo_bound());
    if begin.is_empty() {
        model.repos().for_each(|(id, _)| repositories.set(id));
    } else {
        for id in model.repos_called(begin).iter() {
            let place = model.repo(id).map_or("", |r| model.place(r)).as_bytes();
            if place.len().checked_sub(begin.len()).is_some_and(|at| place[at..].eq_ignore_ascii_case(begin.as_bytes())) {
                repositories.set(id);
            }
        }
    }
    let begins = |name: &str| name.as_bytes().get(..end.len()).is_some_and(|n| n.eq_ignore_ascii_case(end.as_bytes()));
    let mut names = Bits::new(model.names.len());
    if end.is_empty() {
        names = model.names.bits(|_| true);
    } else {
        model.names.each_containing(end, |name| {
            if begins(model.names.text(name)) {
                names.set(name);
            }
        });
    }
    Some((repositories, names))
}
