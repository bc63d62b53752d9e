//! The root key of a node, kept apart from the node: what certifies its other keys and is needed a few times a
//! year. [`RootKeys`] is the seam behind which it may one day lie on a card; [`RootFile`] is a file, sealed under a
//! passphrase, that belongs on a stick in a safe and not in the node's directory. A root key can do nothing but
//! what a [`Signer`] can: sign headers of entries.
//!
//! The seed is sealed with AES-256-GCM under a key that argon2id makes of the passphrase; the parameters stand in the
//! file, are held within limits when it is read, and are bound to the sealed seed. Start at [`RootFile::create`].

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use watchfire_feed::seal::{RecordKey, SealError, open, seal};
use watchfire_feed::{PublicKey, Signer};
use zeroize::{Zeroize as _, Zeroizing};

use super::{files, from_hex, to_hex};
use crate::node::random;

/// Shortest passphrase, in characters without spaces and hyphens.
pub const PASSPHRASE_CHARS_MIN: usize = 15;
/// Longest passphrase, in characters.
pub const PASSPHRASE_CHARS_MAX: usize = 200;
/// Largest root file, in bytes.
const FILE_MAX_BYTES: u64 = 4_096;
/// The version of the file's form.
const FORM: u32 = 1;
/// Memory, rounds and lanes of argon2id for new files: the second choice of RFC 9106, section 4.
const NEW: Work = Work {
    memory_kib: 64 * 1_024,
    rounds: 3,
    lanes: 4,
};
/// The most that a file may ask for: an altered one must not take the machine's memory or an hour.
const MOST: Work = Work {
    memory_kib: 1_024 * 1_024,
    rounds: 16,
    lanes: 16,
};
/// What the sealed seed is bound to, beside the parameters.
const CONTEXT: &str = "watchfire root key file";
/// Names the derived key in the sealed bytes; the same for all, since there is one key to a file.
const KEY_ID: [u8; 16] = *b"watchfire root 1";

/// Letters that cannot be taken for one another, read aloud or by hand.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Where a node's root key lies.
pub trait RootKeys {
    /// Returns what signs with the root key, for as long as the caller keeps it.
    fn unlock(&self, passphrase: &str) -> Result<Signer, RootError>;
}

/// A root key in a file that a passphrase opens.
#[derive(Debug, Clone)]
pub struct RootFile {
    /// Where the file is.
    pub path: PathBuf,
}

/// Why there is no root key.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The passphrase is not the one, or the sealed seed was altered: the two cannot be told apart.
    #[error(
        "the passphrase does not open {path}; type it as it was written down (hyphens, spaces and small letters do not matter)"
    )]
    WrongPassphrase {
        /// Which file.
        path: PathBuf,
    },
    /// The passphrase cannot protect a root key.
    #[error("a passphrase must have {PASSPHRASE_CHARS_MIN} to {PASSPHRASE_CHARS_MAX} characters")]
    UnfitPassphrase,
    /// There is a root key already, and writing over it would lose it for good.
    #[error("{path} is there already and is not written over; choose another name")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not a root key.
    #[error("{path} is no root key file of this version, or was damaged: {why}")]
    NotARoot {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The machine cannot do the work that the file asks for.
    #[error("there is not enough memory to open {path}")]
    Work {
        /// Which file.
        path: PathBuf,
    },
}

/// Returns a new passphrase of 100 random bits, in groups, of letters that cannot be taken for one another.
pub fn generate_passphrase() -> Zeroizing<String> {
    let mut drawn: [u8; 20] = random();
    let mut text = Zeroizing::new(String::with_capacity(23));
    for (at, byte) in drawn.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    drawn.zeroize();
    text
}

/// The file's form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    public_key: PublicKey,
    argon2id: Work,
    salt: String,
    sealed_seed: String,
}

/// How much work it is to try a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Work {
    memory_kib: u32,
    rounds: u32,
    lanes: u32,
}

impl RootFile {
    /// Seals a seed into a new file; one that is there is never written over.
    pub fn create(path: &Path, passphrase: &str, seed: [u8; 32]) -> Result<RootFile, RootError> {
        RootFile::create_with(path, passphrase, seed, NEW)
    }

    fn create_with(
        path: &Path,
        passphrase: &str,
        seed: [u8; 32],
        work: Work,
    ) -> Result<RootFile, RootError> {
        let path = path.to_owned();
        let seed = Zeroizing::new(seed);
        let plain = plain_form(passphrase);
        let long_enough = plain.chars().count() >= PASSPHRASE_CHARS_MIN;
        if !long_enough || passphrase.chars().count() > PASSPHRASE_CHARS_MAX {
            return Err(RootError::UnfitPassphrase);
        }
        let salt: [u8; 16] = random();
        let public_key = Signer::from_seed(*seed).public_key();
        let Some(key) = derive(&plain, &salt, work) else {
            return Err(RootError::Work { path });
        };
        let context = context(&public_key, work);
        let sealed = seal(&key, random(), context.as_bytes(), seed.as_slice());
        let form = Form {
            version: FORM,
            public_key,
            argon2id: work,
            salt: to_hex(&salt),
            sealed_seed: to_hex(&sealed),
        };
        let mut text = serde_json::to_string_pretty(&form).expect("the form is plain JSON");
        text.push('\n');
        match files::create(&path, text.as_bytes()) {
            Ok(()) => Ok(RootFile { path }),
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(RootError::Exists { path })
            }
            Err(source) => Err(RootError::File { path, source }),
        }
    }

    /// Returns the public half, which needs no passphrase. It is what the file says: only [`RootKeys::unlock`]
    /// proves it.
    pub fn public_key(&self) -> Result<PublicKey, RootError> {
        self.read().map(|form| form.public_key)
    }

    fn read(&self) -> Result<Form, RootError> {
        let bytes = files::read(&self.path, FILE_MAX_BYTES).map_err(|source| RootError::File {
            path: self.path.clone(),
            source,
        })?;
        let form: Form =
            serde_json::from_slice(&bytes).map_err(|error| self.not_a_root(&error.to_string()))?;
        if form.version != FORM {
            return Err(self.not_a_root("its version is not known here"));
        }
        let Work {
            memory_kib,
            rounds,
            lanes,
        } = form.argon2id;
        if memory_kib > MOST.memory_kib || rounds > MOST.rounds || lanes > MOST.lanes {
            return Err(self.not_a_root("it asks for more work than is allowed"));
        }
        Ok(form)
    }

    fn not_a_root(&self, why: &str) -> RootError {
        RootError::NotARoot {
            path: self.path.clone(),
            why: why.to_owned(),
        }
    }
}

impl RootKeys for RootFile {
    fn unlock(&self, passphrase: &str) -> Result<Signer, RootError> {
        let form = self.read()?;
        let path = || self.path.clone();
        let (Some(salt), Some(sealed)) = (from_hex(&form.salt), from_hex(&form.sealed_seed)) else {
            return Err(self.not_a_root("its salt or sealed seed is not hex"));
        };
        let Some(key) = derive(&plain_form(passphrase), &salt, form.argon2id) else {
            return Err(RootError::Work { path: path() });
        };
        let context = context(&form.public_key, form.argon2id);
        let seed = match open(&key, context.as_bytes(), &sealed) {
            Ok(seed) => Zeroizing::new(seed),
            Err(SealError::Altered) => return Err(RootError::WrongPassphrase { path: path() }),
            Err(error @ (SealError::TooShort | SealError::OtherKey)) => {
                return Err(self.not_a_root(&error.to_string()));
            }
        };
        let seed: Zeroizing<[u8; 32]> = match seed.as_slice().try_into() {
            Ok(seed) => Zeroizing::new(seed),
            Err(_) => return Err(self.not_a_root("its seed has not 32 bytes")),
        };
        let signer = Signer::from_seed(*seed);
        if signer.public_key() != form.public_key {
            return Err(self.not_a_root("its public key is another"));
        }
        Ok(signer)
    }
}

/// Leaves out what people add or change when they write a passphrase down.
fn plain_form(passphrase: &str) -> Zeroizing<String> {
    let kept = passphrase
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-');
    Zeroizing::new(kept.map(|c| c.to_ascii_uppercase()).collect())
}

fn context(public_key: &PublicKey, work: Work) -> String {
    let Work {
        memory_kib,
        rounds,
        lanes,
    } = work;
    format!("{CONTEXT} v{FORM} {public_key} {memory_kib} {rounds} {lanes}")
}

/// Makes the key of the passphrase; none where the machine has not the memory or the parameters are impossible.
fn derive(plain: &str, salt: &[u8], work: Work) -> Option<RecordKey> {
    let params = Params::new(work.memory_kib, work.rounds, work.lanes, Some(32)).ok()?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new([0; 32]);
    argon
        .hash_password_into(plain.as_bytes(), salt, key.as_mut_slice())
        .ok()?;
    Some(RecordKey::new(KEY_ID, *key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Little enough for a test.
    const QUICK: Work = Work {
        memory_kib: 64,
        rounds: 1,
        lanes: 1,
    };
    const WORDS: &str = "ABCDE-FGHJK-23456-XYZ99";

    fn a_root(folder: &Path) -> RootFile {
        RootFile::create_with(&folder.join("root"), WORDS, [7; 32], QUICK).unwrap()
    }

    #[test]
    fn the_passphrase_opens_the_key_however_it_is_typed_and_no_other_does() {
        let folder = tempfile::tempdir().unwrap();
        let root = a_root(folder.path());
        let public_key = Signer::from_seed([7; 32]).public_key();
        assert_eq!(root.public_key().unwrap(), public_key);
        for typed in [WORDS, "abcde fghjk 23456 xyz99", " ABCDEFGHJK23456XYZ99\n"] {
            assert_eq!(root.unlock(typed).unwrap().public_key(), public_key);
        }
        for typed in ["ABCDE-FGHJK-23456-XYZ98", ""] {
            let refused = root.unlock(typed).unwrap_err();
            assert!(matches!(refused, RootError::WrongPassphrase { .. }));
            assert!(refused.to_string().contains("does not open"), "{refused}");
        }
        let text = std::fs::read_to_string(&root.path).unwrap();
        assert!(!text.contains(&"07".repeat(8)), "the seed is not in it");
    }

    #[test]
    fn a_file_of_full_strength_is_made_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root");
        let words = generate_passphrase();
        let root = RootFile::create(&path, &words, [9; 32]).unwrap();
        let public_key = Signer::from_seed([9; 32]).public_key();
        assert_eq!(root.unlock(&words).unwrap().public_key(), public_key);
        let again = RootFile::create(&path, &words, [1; 32]).unwrap_err();
        assert!(matches!(again, RootError::Exists { .. }), "{again}");
        assert_eq!(root.public_key().unwrap(), public_key);
    }

    #[test]
    fn an_altered_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = a_root(folder.path());
        let text = std::fs::read_to_string(&root.path).unwrap();
        let other = Signer::from_seed([8; 32]).public_key().to_string();
        let public_key = root.public_key().unwrap().to_string();
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("\"memory_kib\": 64", "\"memory_kib\": 4000000000"),
            ("\"memory_kib\": 64", "\"memory_kib\": 65"),
            ("\"rounds\": 1", "\"rounds\": 17"),
            ("\"lanes\": 1", "\"lanes\": 0"),
            ("\"salt\": \"", "\"salt\": \"zz"),
            ("\"sealed_seed\": \"", "\"sealed_seed\": \"00"),
            (public_key.as_str(), other.as_str()),
            ("{", "["),
        ] {
            let altered = text.replacen(from, to, 1);
            assert_ne!(altered, text, "{from} is in the file");
            std::fs::write(&root.path, altered).unwrap();
            assert!(root.unlock(WORDS).is_err(), "{from} -> {to}");
        }
        let long = format!("{text}{}", " ".repeat(5_000));
        std::fs::write(&root.path, long).unwrap();
        assert!(matches!(
            root.unlock(WORDS).unwrap_err(),
            RootError::File { .. }
        ));
    }

    #[test]
    fn passphrases_are_long_never_the_same_and_held_to_their_limits() {
        let (one, other) = (generate_passphrase(), generate_passphrase());
        assert_ne!(*one, *other);
        assert_eq!(one.len(), 23);
        let fine = |c: char| c == '-' || LETTERS.contains(&(c as u8));
        assert!(one.chars().all(fine));
        let folder = tempfile::tempdir().unwrap();
        for (name, words, is_fine) in [
            ("a", "x".repeat(PASSPHRASE_CHARS_MIN), true),
            ("b", "x".repeat(PASSPHRASE_CHARS_MIN - 1), false),
            ("c", "-".repeat(PASSPHRASE_CHARS_MIN), false),
            ("d", "x".repeat(PASSPHRASE_CHARS_MAX), true),
            ("e", "x".repeat(PASSPHRASE_CHARS_MAX + 1), false),
        ] {
            let made = RootFile::create_with(&folder.path().join(name), &words, [7; 32], QUICK);
            assert_eq!(made.is_ok(), is_fine, "{name}");
        }
    }
}
