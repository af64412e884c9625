//! An archive as it is stored: compressed, with its two digests.

use crate::{Error, files::Files};
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use oci::Digest;
use sha2::{Digest as _, Sha256};
use std::io::Write;

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

/// How a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

/// A layer with its bytes.
pub(crate) struct Packed {
    /// Of the archive as it is unpacked (image-spec 1.1, config.md, "Layer DiffID").
    pub(crate) diff_id: Digest,
    pub(crate) bytes: Bytes,
}

pub(crate) fn pack(files: Files, packing: Packing) -> Result<Packed, Error> {
    let archive = files.tar()?;
    let bytes = match packing {
        Packing::Gzip => gzip(&archive)?,
        Packing::Zstd => zstd(&archive),
    };
    Ok(Packed { diff_id: digest(&archive), bytes: bytes.into() })
}

pub(crate) fn gzip(archive: &[u8]) -> Result<Vec<u8>, Error> {
    // No name and no time in the header, and always the same system.
    let mut encoder = GzBuilder::new().operating_system(255).write(Vec::with_capacity(archive.len() / 2), Compression::new(5));
    encoder.write_all(archive)?;
    Ok(encoder.finish()?)
}

/// A Zstandard frame of raw blocks (RFC 8878, 3.1.1): as large as what is in it, and without a compressor in the product for one
/// layer of an example.
fn zstd(archive: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    let mut frame = Vec::with_capacity(archive.len() + 16);
    frame.extend_from_slice(&[0x28, 0xb5, 0x2f, 0xfd]);
    // A single segment whose size stands in four bytes.
    frame.push(0b1010_0000);
    frame.extend_from_slice(&(archive.len() as u32).to_le_bytes());
    let blocks = archive.len().div_ceil(BLOCK);
    for (place, block) in archive.chunks(BLOCK).enumerate() {
        let header = (block.len() as u32) << 3 | u32::from(place + 1 == blocks);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(block);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_raw_blocks_is_one_that_others_read() {
        for length in [1, 1000, 128 << 10, (128 << 10) + 1, 400_000] {
            let bytes = crate::seed::noise("frame", length);
            assert_eq!(zstd::decode_all(zstd(&bytes).as_slice()).unwrap(), bytes);
        }
    }
}
