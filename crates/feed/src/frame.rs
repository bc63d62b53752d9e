//! The form in which entries travel and rest outside a database: over the wire, in a file, on a USB
//! stick. Frames follow each other without separators. Knows nothing of keys; what comes out of
//! [`Entry::decode`] is well formed but not yet verified.

use crate::limits::HEADER_MAX_BYTES;
use crate::{Entry, FeedError, Hash, Header, SealedBody};

const FORM_NONE: u8 = 0;
const FORM_WHOLE: u8 = 1;
const FORM_ERASED: u8 = 2;

impl SealedBody {
    pub(crate) fn form(&self) -> u8 {
        match self {
            SealedBody::None => FORM_NONE,
            SealedBody::Whole(_) => FORM_WHOLE,
            SealedBody::Erased(_) => FORM_ERASED,
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            SealedBody::None => &[],
            SealedBody::Whole(bytes) => bytes,
            SealedBody::Erased(hash) => &hash.0,
        }
    }
}

impl Entry {
    /// Returns the entry as one frame.
    pub fn encode(&self) -> Vec<u8> {
        let sealed = self.sealed.bytes();
        let length = 4 + self.header_bytes.len() + 64 + 1 + self.plain.len() + sealed.len();
        let mut frame = Vec::with_capacity(length);
        frame.extend_from_slice(&(self.header_bytes.len() as u32).to_be_bytes());
        frame.extend_from_slice(&self.header_bytes);
        frame.extend_from_slice(&self.signature);
        frame.push(self.sealed.form());
        frame.extend_from_slice(&self.plain);
        frame.extend_from_slice(sealed);
        frame
    }

    /// Reads the frame at the start of `bytes` and returns the entry and the number of bytes that it
    /// took. [`FeedError::Truncated`] means that the frame goes on beyond `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<(Entry, usize), FeedError> {
        let mut reader = Reader { bytes, at: 0 };
        let header_length = u32::from_be_bytes(reader.array()?);
        // Judged before the bytes are asked for: a wrong length must not make a reader wait for 4 GiB.
        if header_length as usize > HEADER_MAX_BYTES {
            return Err(FeedError::TooLarge {
                what: "header",
                found: u64::from(header_length),
                max: HEADER_MAX_BYTES as u64,
            });
        }
        let header_bytes = reader.slice(header_length as usize)?.to_vec();
        let header = Header::decode(&header_bytes)?;
        let signature = reader.array()?;
        let [form] = reader.array()?;
        // The header's check has bounded both sizes.
        let (plain_size, sealed_size) = (header.plain_size, header.sealed_size);
        if form > FORM_ERASED || (form == FORM_NONE) != (sealed_size == 0) {
            return Err(FeedError::SealedForm { form, sealed_size });
        }
        let plain = reader.slice(plain_size as usize)?.to_vec();
        let sealed = match form {
            FORM_NONE => SealedBody::None,
            FORM_WHOLE => SealedBody::Whole(reader.slice(sealed_size as usize)?.to_vec()),
            _ => SealedBody::Erased(Hash(reader.array()?)),
        };
        let hash = Hash::of(&header_bytes);
        Ok((
            Entry {
                header,
                header_bytes,
                signature,
                plain,
                sealed,
                hash,
            },
            reader.at,
        ))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn slice(&mut self, length: usize) -> Result<&'a [u8], FeedError> {
        let needed = self.at + length;
        let found = self.bytes.len();
        let slice = self
            .bytes
            .get(self.at..needed)
            .ok_or(FeedError::Truncated { needed, found })?;
        self.at = needed;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FeedError> {
        let mut array = [0; N];
        array.copy_from_slice(self.slice(N)?);
        Ok(array)
    }
}
