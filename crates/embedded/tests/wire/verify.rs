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

fn verified(root: &Path, quarantine: bool) -> Vec<Checked> {
    let server = serve(root, |_| {});
    let all = Arc::new(Mutex::new(Vec::new()));
    let found = all.clone();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(server.local.verify(quarantine, move |checked| {
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
    let whole = verified(root.path(), false);
    assert!(whole.iter().all(Checked::is_good), "{whole:?}");
    assert!(whole.contains(&Checked::Whole { digest: loose.clone(), size: 14 }));

    fs::write(folder(root.path(), &loose).join("data"), "of no manifesT").unwrap();
    fs::remove_file(folder(root.path(), &first).join("data")).unwrap();
    fs::remove_dir_all(folder(root.path(), &second)).unwrap();
    fs::remove_dir_all(root.path().join("docker/registry/v2/repositories/team/b/_layers")).unwrap();
    fs::create_dir_all(root.path().join("docker/registry/v2/repositories/team/b/_layers")).unwrap();
    let wrong: Vec<Checked> = verified(root.path(), false).into_iter().filter(|checked| !checked.is_good()).collect();
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

#[test]
fn what_is_damaged_is_put_aside_and_pushed_again() {
    let root = tempfile::tempdir().unwrap();
    let digest = serve(root.path(), |_| {}).push_blob("team/a", b"a layer");
    fs::write(folder(root.path(), &digest).join("data"), "a Layer").unwrap();
    let found = verified(root.path(), true);
    assert!(matches!(&found[..], [Checked::Damaged { aside: true, .. }]), "{found:?}");
    let aside = root.path().join(format!("docker/registry/v2/_quarantine/sha256/{}/data", digest.encoded()));
    assert_eq!(fs::read(&aside).unwrap(), b"a Layer");
    let server = serve(root.path(), |_| {});
    assert_eq!(server.ask("HEAD", &format!("/v2/team/a/blobs/{digest}"), &[], b"").status, 404);
    assert_eq!(server.push_blob("team/a", b"a layer"), digest);
    assert_eq!(server.get(&format!("/v2/team/a/blobs/{digest}")).body, b"a layer");
    // Damaged again, the older is replaced.
    fs::write(folder(root.path(), &digest).join("data"), "a layeR").unwrap();
    verified(root.path(), true);
    assert_eq!(fs::read(&aside).unwrap(), b"a layeR");
}
