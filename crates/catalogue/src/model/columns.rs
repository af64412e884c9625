use serde::{Serialize, de::DeserializeOwned};
use std::io::{Error, ErrorKind, Read, Result, Write};

/// A value of a column: the same number of bytes each time, the lowest first.
pub(super) trait Fixed: Sized {
    const SIZE: usize;

    fn put(&self, to: &mut Vec<u8>);

    /// From exactly [`Fixed::SIZE`] bytes.
    fn get(from: &[u8]) -> Self;
}

macro_rules! fixed {
    ($($number:ty),*) => {$(
        impl Fixed for $number {
            const SIZE: usize = size_of::<Self>();

            #[inline]
            fn put(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn get(from: &[u8]) -> Self {
                from.first_chunk().map_or(0, |bytes| Self::from_le_bytes(*bytes))
            }
        }
    )*};
}
fixed!(u8, u16, u32, u64, i64, u128);

/// Takes a number of type `T` off the front of some bytes.
#[inline]
pub(super) fn next<T: Fixed>(from: &mut &[u8]) -> T {
    let (one, rest) = from.split_at(T::SIZE.min(from.len()));
    *from = rest;
    T::get(one)
}

/// Values written or read together: enough that a call is nothing beside them, few enough to lie in the processor's cache.
const TOGETHER: usize = 4096;

/// Writes columns, each with its length before it.
pub(super) struct Writer<W>(pub(super) W);

impl<W: Write> Writer<W> {
    pub(super) fn column<T: Fixed>(&mut self, values: &[T]) -> Result<()> {
        self.0.write_all(&(values.len() as u64).to_le_bytes())?;
        let mut bytes = Vec::with_capacity(TOGETHER.min(values.len()) * T::SIZE);
        for some in values.chunks(TOGETHER) {
            bytes.clear();
            some.iter().for_each(|value| value.put(&mut bytes));
            self.0.write_all(&bytes)?;
        }
        Ok(())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(&(bytes.len() as u64).to_le_bytes())?;
        self.0.write_all(bytes)
    }

    /// For what there is little of.
    pub(super) fn value<T: Serialize>(&mut self, value: &T) -> Result<()> {
        self.bytes(&postcard::to_stdvec(value).map_err(Error::other)?)
    }
}

/// Reads what a [`Writer`] wrote, in the same order. What cannot be is an error; what was damaged so that it still can be is
/// for the reader's owner to find.
pub(super) struct Reader<R> {
    from: R,
    /// Bytes that can still come: no length is believed beyond them.
    left: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(from: R, left: u64) -> Self {
        Self { from, left }
    }

    pub(super) fn column<T: Fixed>(&mut self) -> Result<Vec<T>> {
        let length = self.length(T::SIZE)?;
        let mut values = Vec::with_capacity(length);
        let mut bytes = vec![0; TOGETHER.min(length) * T::SIZE];
        while values.len() < length {
            let some = &mut bytes[..TOGETHER.min(length - values.len()) * T::SIZE];
            self.from.read_exact(some)?;
            values.extend(some.chunks_exact(T::SIZE).map(T::get));
        }
        Ok(values)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.length(1)?];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }

    pub(super) fn value<T: DeserializeOwned>(&mut self) -> Result<T> {
        postcard::from_bytes(&self.bytes()?).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }

    /// How many values of a size follow.
    fn length(&mut self, size: usize) -> Result<usize> {
        let mut bytes = [0; 8];
        self.from.read_exact(&mut bytes)?;
        let length = u64::from_le_bytes(bytes);
        let left = length.checked_mul(size as u64).and_then(|bytes| self.left.checked_sub(bytes));
        self.left = left.ok_or_else(|| Error::new(ErrorKind::InvalidData, "a column is longer than its file"))?;
        usize::try_from(length).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_in_their_order() {
        let many: Vec<u32> = (0..10_000).collect();
        let mut writer = Writer(Vec::new());
        writer.column(&many).unwrap();
        writer.column(&[i64::MIN, 7]).unwrap();
        writer.bytes(b"abc").unwrap();
        writer.value(&vec![(3u32, "x".to_owned())]).unwrap();
        writer.column::<u128>(&[]).unwrap();
        let bytes = writer.0;
        let mut reader = Reader::new(bytes.as_slice(), bytes.len() as u64);
        assert_eq!(reader.column::<u32>().unwrap(), many);
        assert_eq!(reader.column::<i64>().unwrap(), [i64::MIN, 7]);
        assert_eq!(reader.text().unwrap(), "abc");
        assert_eq!(reader.value::<Vec<(u32, String)>>().unwrap(), [(3, "x".to_owned())]);
        assert_eq!(reader.column::<u128>().unwrap(), []);
        assert!(reader.bytes().is_err());
    }

    #[test]
    fn a_length_beyond_the_file_is_not_believed() {
        let mut bytes = u64::MAX.to_le_bytes().to_vec();
        bytes.extend([0; 100]);
        assert!(Reader::new(bytes.as_slice(), 108).column::<u64>().is_err());
        assert!(Reader::new(bytes.as_slice(), 108).bytes().is_err());
    }
}
