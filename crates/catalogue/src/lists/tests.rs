use super::*;
use crate::{
    model::{NEVER, Row},
    query::Query,
};

const NOW: i64 = 1_795_000_000_000;

fn put(model: &mut Model, name: &str, pushed: &[i64]) {
    let id = model.add_repo(0, name, 1);
    for (i, &at) in pushed.iter().enumerate() {
        let tag = model.names.number(&format!("v{i}"));
        model.repo_mut(id).unwrap().put(
            tag,
            NONE,
            Row { pushed: at, first_seen: 1, told: false, dangling: false, strikes: 0, problem: NONE },
        );
    }
    model.settle(id);
}

fn model() -> Model {
    let mut model = Model::new(vec!["local".into()]);
    for (name, pushed) in [("team/b", &[5, 3][..]), ("team/a", &[5]), ("z", &[NEVER]), ("a", &[9, 1, 2]), ("team/sub/c", &[])] {
        put(&mut model, name, pushed);
    }
    model
}

fn list(model: &Model, q: &str, namespace: Option<&str>, order: RepositoryOrder, reverse: bool) -> Vec<String> {
    let query = Query::parse(q).unwrap();
    let evaluation = Evaluation::new(model, &query, NOW);
    let ids = repositories(model, &evaluation, None, namespace, order, reverse);
    // Each page's cursor must lead to the next item, whichever way the list runs.
    for (i, &id) in ids.iter().enumerate() {
        let place = repository_place(model, id, order);
        assert_eq!(after(&ids, &place, reverse, false, |id| repository_place(model, id, order)), i + 1);
    }
    ids.iter().map(|&id| model.repo(id).unwrap().name.to_string()).collect()
}

#[test]
fn repositories_are_sorted_over_the_whole_and_the_unknown_come_last() {
    let m = model();
    assert_eq!(list(&m, "", None, RepositoryOrder::Name, false), ["a", "team/a", "team/b", "team/sub/c", "z"]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Name, true), ["z", "team/sub/c", "team/b", "team/a", "a"]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Updated, false), ["team/a", "team/b", "a", "team/sub/c", "z"]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Updated, true), ["a", "team/b", "team/a", "z", "team/sub/c"]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Tags, true), ["a", "team/b", "z", "team/a", "team/sub/c"]);
    assert_eq!(list(&m, "", Some("team"), RepositoryOrder::Name, false), ["team/a", "team/b", "team/sub/c"]);
    assert_eq!(list(&m, "team/ v1", None, RepositoryOrder::Name, false), ["team/b"]);
}

#[test]
fn an_order_follows_what_changes() {
    let mut m = model();
    assert_eq!(list(&m, "", None, RepositoryOrder::Updated, true)[0], "a");
    put(&mut m, "team/aa", &[100]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Updated, true)[..2], ["team/aa", "a"]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Name, false), ["a", "team/a", "team/aa", "team/b", "team/sub/c", "z"]);
    let id = m.find_repo(0, "a").unwrap();
    m.drop_repo(id);
    assert_eq!(list(&m, "", None, RepositoryOrder::Name, false), ["team/a", "team/aa", "team/b", "team/sub/c", "z"]);
    put(&mut m, "a", &[7]);
    assert_eq!(list(&m, "", None, RepositoryOrder::Updated, true)[..2], ["team/aa", "a"]);
    assert_eq!(m.find_repo(0, "a"), Some(6));
}
