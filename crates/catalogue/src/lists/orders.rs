use super::RepositoryOrder;
use crate::model::Model;
use std::sync::{Arc, Mutex, PoisonError};

/// All repositories in each order, kept until something changes, so that a page without a query is a look-up and one with
/// a query need not sort.
#[derive(Default)]
pub(crate) struct Orders(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    names: Names,
    /// By update, size, tags.
    sorted: [Sorted; 3],
}

#[derive(Default)]
struct Names {
    generation: u64,
    ids: Arc<Vec<u32>>,
    /// A repository's place in `ids`, by its number: a name is then compared as a number.
    ranks: Vec<u32>,
}

/// All repositories in an order, ascending.
#[derive(Clone, Default)]
pub(super) struct Sorted {
    generation: u64,
    pub(super) ids: Arc<Vec<u32>>,
    /// How many of them have a key; the others come last either way.
    pub(super) known: usize,
}

impl Orders {
    /// Sorts at most once for each state of the model; whoever comes meanwhile waits for it.
    pub(super) fn of(&self, model: &Model, order: RepositoryOrder) -> Sorted {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { names, sorted } = &mut *kept;
        names.refresh(model);
        let at = match order {
            // No key but the name, so none is known.
            RepositoryOrder::Name => return Sorted { generation: 0, ids: Arc::clone(&names.ids), known: 0 },
            RepositoryOrder::Updated => 0,
            RepositoryOrder::Size => 1,
            RepositoryOrder::Tags => 2,
        };
        let sorted = &mut sorted[at];
        if sorted.generation != model.generation() {
            *sorted = sort(model, order, &names.ranks);
        }
        sorted.clone()
    }
}

impl Names {
    fn refresh(&mut self, model: &Model) {
        if self.generation == model.names_generation() {
            return;
        }
        let mut ids = (*self.ids).clone();
        ids.retain(|&id| model.repo(id).is_some());
        let mut is_there = crate::model::Bits::new(model.repo_bound());
        ids.iter().for_each(|&id| is_there.set(id));
        ids.extend(model.repos().map(|(id, _)| id).filter(|&id| !is_there.has(id)));
        // The sort finds the run that is in order already, so that a few new names cost little more than a pass.
        let name = |id: u32| model.repo(id).map(|r| model.place(r));
        ids.sort_by(|&a, &b| name(a).cmp(&name(b)));
        self.ranks = vec![0; model.repo_bound()];
        for (rank, &id) in ids.iter().enumerate() {
            self.ranks[id as usize] = rank as u32;
        }
        self.ids = Arc::new(ids);
        self.generation = model.names_generation();
    }
}

fn sort(model: &Model, order: RepositoryOrder, ranks: &[u32]) -> Sorted {
    let mut keyed: Vec<(bool, i64, u32, u32)> = model
        .repos()
        .map(|(id, repo)| {
            let key = super::repository_key(repo, order);
            (key.is_none(), key.unwrap_or_default(), ranks.get(id as usize).copied().unwrap_or(u32::MAX), id)
        })
        .collect();
    keyed.sort_unstable();
    let known = keyed.partition_point(|k| !k.0);
    Sorted { generation: model.generation(), ids: Arc::new(keyed.into_iter().map(|k| k.3).collect()), known }
}

impl Sorted {
    /// The numbers in the direction asked for; what is unknown comes last either way.
    pub(super) fn each(&self, reverse: bool) -> impl Iterator<Item = u32> + '_ {
        let (known, unknown) = self.ids.split_at(self.known);
        let one = move |ids: &'_ [u32], i: usize| if reverse { ids[ids.len() - 1 - i] } else { ids[i] };
        (0..known.len()).map(move |i| one(known, i)).chain((0..unknown.len()).map(move |i| one(unknown, i)))
    }
}
