//! Manifests and configurations as the catalogue reads them from any registry: bounded, kept and read back as the same. The input's first
//! line is the Content-Type.
#![no_main]

use oci::{Body, Descriptor, ImageConfig, Manifest, limits};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (header, bytes) = fuzz::first_line(data);
    if let Some(config) = ImageConfig::parse(bytes) {
        assert!(config.history.len() <= limits::DESCRIPTORS);
        let text = serde_json::to_vec(&config).unwrap();
        assert_eq!(serde_json::from_slice::<ImageConfig>(&text).unwrap(), config);
        let made = config.history.iter().filter(|step| !step.empty).count();
        let pairs = config.pair_history(made).unwrap();
        assert_eq!(pairs.into_iter().flatten().collect::<Vec<_>>(), (0..made).collect::<Vec<_>>());
        assert_eq!(config.pair_history(made + 1), None);
    }
    let header = (!header.is_empty()).then_some(header);
    let Ok(manifest) = Manifest::parse(bytes, header) else { return };
    let all: Vec<&Descriptor> = match &manifest.body {
        Body::Image { config, layers } => layers.iter().chain(config).collect(),
        Body::Index { manifests } => manifests.iter().collect(),
        Body::Schema1 { layers, .. } => {
            assert!(layers.len() <= limits::DESCRIPTORS && manifest.subject.is_none());
            return;
        }
    };
    assert!(all.len() <= limits::DESCRIPTORS + 1);
    for descriptor in all {
        assert!(i64::try_from(descriptor.size).is_ok());
        let text = serde_json::to_vec(descriptor).unwrap();
        assert_eq!(&serde_json::from_slice::<Descriptor>(&text).unwrap(), descriptor);
    }
    let chosen = manifest.default_platform();
    assert_eq!(chosen.is_some(), manifest.platforms().next().is_some());
    assert!(chosen.is_none_or(|(_, chosen)| !chosen.is_attestation()));
});
