use super::{Dictionary, NONE};
use crate::fuzzy::Sieve;

/// Repositories by `registry/name`. A registry's name has no slash, so each such text is one repository.
#[derive(Default)]
pub(super) struct Places {
    texts: Dictionary,
    /// The repository at each, or [`NONE`] for one that is gone.
    repos: Vec<u32>,
    /// The letters of each repository's name.
    letters: Vec<u64>,
    generation: u64,
}

impl Places {
    pub(super) fn find(&self, registry: &str, name: &str) -> Option<u32> {
        let place = self.texts.find(&format!("{registry}/{name}"))?;
        self.repos.get(place as usize).copied().filter(|&r| r != NONE)
    }

    /// Puts a repository in its place, whose number is returned; or says which one is there.
    pub(super) fn add(&mut self, registry: &str, name: &str, repo: u32) -> Result<u32, u32> {
        let place = self.texts.number(&format!("{registry}/{name}"));
        match self.repos.get_mut(place as usize) {
            Some(there) if *there != NONE => return Err(*there),
            Some(gone) => *gone = repo,
            None => {
                self.repos.push(repo);
                self.letters.push(crate::fuzzy::letters(name));
            }
        }
        self.generation += 1;
        Ok(place)
    }

    pub(super) fn remove(&mut self, place: u32) {
        if let Some(repo) = self.repos.get_mut(place as usize) {
            *repo = NONE;
            self.generation += 1;
        }
    }

    pub(super) fn text(&self, place: u32) -> &str {
        self.texts.text(place)
    }

    /// Repositories whose name may be meant by what the sieve was made of.
    pub(super) fn let_through(&self, sieve: Sieve) -> impl Iterator<Item = u32> + '_ {
        self.repos.iter().zip(&self.letters).filter(move |&(&r, &l)| r != NONE && sieve.lets_through(l)).map(|(&r, _)| r)
    }

    /// Grows with every change.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Calls `found` with each repository whose `registry/name` holds `needle` (in ASCII lower case).
    pub(super) fn each_containing(&self, needle: &str, mut found: impl FnMut(u32)) {
        self.texts.each_containing(needle, |place| {
            self.repos.get(place as usize).copied().filter(|&r| r != NONE).into_iter().for_each(&mut found);
        });
    }
}
