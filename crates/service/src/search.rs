//! Search over everything.

use crate::{
    Caller, Error, Result, Service,
    lists::{limit, parse},
    show,
};
use api::{Code, Hit, List};
use catalogue::{
    model::NONE,
    query::Query,
    search::{HitAt, HitKind},
};

/// Hits that are ranked and remembered at first.
const NEAREST: usize = 1000;

impl Service {
    /// What matches a query in the query language, the nearest first; nothing for an empty one.
    pub async fn search(&self, _caller: &Caller, q: &str, limit_: Option<u32>, after: Option<&str>) -> Result<List<Hit>> {
        let query = parse(q)?;
        let limit = limit(limit_)?;
        let from: usize = match after {
            None | Some("") => 0,
            Some(text) => text.parse().map_err(|_| {
                Error::new(Code::BadQuery, "“after” is not a place in this list.").hint("Give back “next” of the page before as it came.")
            })?,
        };
        let all = from.saturating_add(limit) > NEAREST;
        let quick = query.is_empty() || self.remembers(self.0.catalogue.model().generation(), q, all);
        let q = q.to_owned();
        self.aside(quick, move |service| Ok(service.hits(&q, &query, from, limit, all))).await
    }

    fn hits(&self, q: &str, query: &Query, from: usize, limit: usize, all: bool) -> List<Hit> {
        let freshness = self.freshness(None);
        let model = self.0.catalogue.model();
        // How many, then two numbers for each of the nearest. Few look further than those; for them all are ranked.
        let find = |keep: usize| {
            let found = catalogue::search::search(&model, query, catalogue::now(), keep);
            let numbers = found.nearest.into_iter().flat_map(|h| [h.repository, h.position]);
            std::iter::once(u32::try_from(found.total).unwrap_or(u32::MAX)).chain(numbers).collect()
        };
        let found = self.remembered(model.generation(), q, all, || find(if all { usize::MAX } else { NEAREST }));
        let (total, hits) = found.split_first().map_or((0, &[][..]), |(total, hits)| (*total as usize, hits));
        let from = from.min(total);
        let to = (from + limit).min(total);
        let items = hits
            .get(2 * from..2 * to)
            .unwrap_or_default()
            .chunks_exact(2)
            .filter_map(|pair| {
                let at = HitAt { repository: pair[0], position: pair[1] };
                let repo = model.repo(at.repository)?;
                let hit = catalogue::search::explain(&model, query, at)?;
                let registry = show::registry_name(&model, repo);
                let tag = if at.position == NONE {
                    None
                } else {
                    Some(show::tag(&model, repo, at.position as usize, repo.tags_of(repo.manifests[at.position as usize])))
                };
                let whole = if tag.is_none() { Some(show::repository(&model, repo)) } else { None };
                Some(Hit {
                    kind: match hit.kind {
                        HitKind::Repository => "repository",
                        HitKind::Tag => "tag",
                        HitKind::Digest => "digest",
                        HitKind::Label => "label",
                    }
                    .to_owned(),
                    reference: tag
                        .as_ref()
                        .map_or_else(|| format!("{registry}/{}", repo.name), |t| format!("{registry}/{}:{}", repo.name, t.tag)),
                    registry,
                    repository: repo.name.to_string(),
                    digest: tag.as_ref().and_then(|t| t.digest.clone()),
                    matched: hit.matched,
                    marks: hit.marks,
                    tags: whole.as_ref().map(|r| r.tags),
                    pushed: tag
                        .as_ref()
                        .map_or_else(|| whole.as_ref().and_then(|r| r.updated.clone()), |t| t.pushed.clone().or_else(|| t.created.clone())),
                    image_kind: tag.as_ref().map(|t| t.kind.clone()).or_else(|| whole.and_then(|r| r.kinds.first().cloned())),
                    tag: tag.map(|t| t.tag),
                })
            })
            .collect();
        let next = (to < total).then(|| to.to_string());
        List { items, next, total: total as u64, freshness }
    }
}
