//! Reading all that is stored.

use crate::support::serve;
use embedded::Checked;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

fn folder(root: &Path, digest: &oci::Digest) -> PathBuf {
    root.join(format!("docker/registry/v2/blobs/sha256/{}/{}", &digest.encoded()[..2], digest.encoded()))
}

fn verified(root: &Path) -> Vec<Checked> {
    let server = serve(root, |_| {});
    let all = Arc::new(Mutex::new(Vec::new()));
    let found = all.clone();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(server.local.verify(move |checked| {
            found.lock().unwrap().push(checked);
            true
        }))
        .unwrap();
    let all = all.lock().unwrap();
    all.clone()
}

#[test]
fn what_is_damaged_or_missing_is_told_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let (first, second, third, loose) = {
        let server = serve(root.path(), |_| {});
        let pushed = (server.push("team/a", "v1", "x"), server.push("team/a", "v2", "y"), server.push("team/b", "v1", "z"));
        (pushed.0, pushed.1, pushed.2, server.push_blob("team/a", b"of no manifest"))
    };
    let whole = verified(root.path());
    assert!(whole.iter().all(Checked::is_good), "{whole:?}");
    assert!(whole.contains(&Checked::Whole { digest: loose.clone(), size: 14 }));

    fs::write(folder(root.path(), &loose).join("data"), "of no manifesT").unwrap();
    fs::remove_file(folder(root.path(), &first).join("data")).unwrap();
    fs::remove_dir_all(folder(root.path(), &second)).unwrap();
    fs::remove_dir_all(root.path().join("docker/registry/v2/repositories/team/b/_layers")).unwrap();
    fs::create_dir_all(root.path().join("docker/registry/v2/repositories/team/b/_layers")).unwrap();
    let wrong: Vec<Checked> = verified(root.path()).into_iter().filter(|checked| !checked.is_good()).collect();
    let is = |expected: &dyn Fn(&Checked) -> bool| wrong.iter().filter(|checked| expected(checked)).count();
    assert_eq!(is(&|c| matches!(c, Checked::Damaged { digest, .. } if *digest == loose)), 1, "{wrong:?}");
    assert_eq!(is(&|c| matches!(c, Checked::Empty { digest } if *digest == first)), 1, "{wrong:?}");
    for gone in [&first, &second] {
        assert_eq!(is(&|c| matches!(c, Checked::Missing { manifest, digest, .. } if manifest == digest && digest == gone)), 1, "{wrong:?}");
    }
    // Its configuration and its layer.
    assert_eq!(is(&|c| matches!(c, Checked::Missing { manifest, digest, .. } if *manifest == third && digest != manifest)), 2, "{wrong:?}");
    assert_eq!(wrong.len(), 6, "{wrong:?}");
}
