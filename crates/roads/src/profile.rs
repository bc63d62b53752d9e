//! With lights and siren, or without.
//!
//! Both drive over one network. They differ in speed, in the ways that only one may use, and in the turns that bind only
//! one; [`crate::BuildOptions`] says how, [`crate::Router::under`] asks under either.

use serde::{Deserialize, Serialize};

/// How a unit drives.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// As everybody does.
    #[default]
    Plain,
    /// With lights and siren.
    Siren,
}

impl Profile {
    /// Both, in the order of the weights.
    pub const ALL: [Profile; 2] = [Profile::Plain, Profile::Siren];
}

/// Who is bound by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    /// Everybody.
    Everyone,
    /// Those without lights and siren.
    PlainOnly,
}

impl Bound {
    pub(crate) fn binds(self, profile: Profile) -> bool {
        match (self, profile) {
            (Bound::Everyone, _) | (Bound::PlainOnly, Profile::Plain) => true,
            (Bound::PlainOnly, Profile::Siren) => false,
        }
    }

    /// The number that stands for it in a saved graph; never changed, never used again.
    pub(crate) fn code(self) -> u8 {
        match self {
            Bound::Everyone => 1,
            Bound::PlainOnly => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Bound> {
        match code {
            1 => Some(Bound::Everyone),
            2 => Some(Bound::PlainOnly),
            _ => None,
        }
    }
}
