//! Signing in: one-time codes, passwords, sessions in cookies and tokens for programs.
//!
//! There is no default password. `watchfire init` prints a code that works once; with it the first
//! administrator chooses a password, and enrols the others the same way. Passwords are kept as argon2id,
//! codes, sessions and tokens as SHA-256 of 100 random bits or more, none of them ever in a feed or log.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};
use watchfire_core::basis::PersonId;
use watchfire_core::board::Board;

use watchfire_store::StoreError;

use crate::api::App;
use crate::node::{Node, random};
use crate::policy::Session;
use crate::problem::Problem;

/// The cookie that a browser's session is in.
pub const COOKIE: &str = "__Host-watchfire";
/// How long a session lasts, in seconds: a shift of twelve hours and the handover.
pub const SESSION_S: u32 = 13 * 3_600;
/// How long a program's token lasts, in seconds (one year).
pub const TOKEN_S: u32 = 365 * 24 * 3_600;
/// How long a one-time code lasts, in seconds (a week).
pub const CODE_S: u32 = 7 * 24 * 3_600;
/// Shortest password, in characters (NIST SP 800-63B-4 asks for 15 where it is the only factor).
pub const PASSWORD_CHARS_MIN: usize = 15;
/// Longest password, in characters.
pub const PASSWORD_CHARS_MAX: usize = 200;
/// Attempts to sign in from one address, each minute.
const ATTEMPTS_PER_MINUTE: u32 = 10;
/// Requests from one person or address, each second, and at once.
const REQUESTS_PER_S: u32 = 200;
const REQUESTS_AT_ONCE: u32 = 600;
/// Passwords hashed at the same time: each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 2;

const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Limits how often things may be tried.
pub struct Limits {
    attempts: DefaultKeyedRateLimiter<IpAddr>,
    requests: DefaultKeyedRateLimiter<String>,
    hashes: tokio::sync::Semaphore,
}

impl Default for Limits {
    fn default() -> Limits {
        let number = |n| NonZeroU32::new(n).expect("the limits above are not zero");
        Limits {
            attempts: RateLimiter::keyed(Quota::per_minute(number(ATTEMPTS_PER_MINUTE))),
            requests: RateLimiter::keyed(
                Quota::per_second(number(REQUESTS_PER_S)).allow_burst(number(REQUESTS_AT_ONCE)),
            ),
            hashes: tokio::sync::Semaphore::new(HASHES_AT_ONCE),
        }
    }
}

impl Limits {
    /// Counts an attempt to sign in; fails if there were too many.
    pub fn attempt(&self, from: IpAddr) -> Result<(), Problem> {
        self.attempts
            .check_key(&from)
            .map_err(|_| Problem::too_many())
    }

    fn request(&self, who: String) -> Result<(), Problem> {
        self.requests
            .check_key(&who)
            .map_err(|_| Problem::too_many())
    }

    /// Forgets those who have not been seen for a while.
    pub fn tidy(&self) {
        self.attempts.retain_recent();
        self.requests.retain_recent();
    }

    /// Hashes a password as argon2id.
    pub async fn hash_password(&self, password: String) -> Result<String, Problem> {
        let _turn = self.hashes.acquire().await.map_err(|_| Problem::fault())?;
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default()
                .hash_password_with_salt(password.as_bytes(), &random::<16>())
                .map(|hash| hash.to_string())
        });
        hashed
            .await
            .map_err(|_| Problem::fault())?
            .map_err(|_| Problem::fault())
    }

    /// Compares a password with what was kept; against nothing in the same time if nothing was.
    pub async fn check_password(
        &self,
        password: String,
        kept: Option<String>,
    ) -> Result<bool, Problem> {
        let _turn = self.hashes.acquire().await.map_err(|_| Problem::fault())?;
        let checked = tokio::task::spawn_blocking(move || {
            let kept = kept.as_deref().unwrap_or(NOBODYS_HASH);
            let Ok(hash) = PasswordHash::new(kept) else {
                return false;
            };
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
                && kept != NOBODYS_HASH
        });
        checked.await.map_err(|_| Problem::fault())
    }
}

/// A well-formed hash of nobody's password, so that an unknown login takes as long as a wrong password.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbCEhIQ$uM1Y3cWq6mqkbRIaXLcVqkvl8pVqIrIKv2Wlq0n1x3A";

/// What a one-time code is for.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct CodeAbout {
    /// Whose password it sets; the first administrator's if nobody's.
    pub person: Option<PersonId>,
}

impl CodeAbout {
    /// Writes it for the store.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an id is a string")
    }

    /// Reads it from the store.
    pub fn from_json(json: &str) -> CodeAbout {
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// A secret that was just made, and what is kept of it.
pub struct Secret {
    /// What its owner gets, once.
    pub text: String,
    /// What is kept.
    pub hash: [u8; 32],
}

impl Secret {
    /// Makes a one-time code of 100 random bits that can be read over a telephone.
    pub fn code() -> Secret {
        let letters: Vec<u8> = random::<20>()
            .iter()
            .map(|byte| LETTERS[usize::from(byte % 32)])
            .collect();
        let groups: Vec<&str> = letters
            .chunks(5)
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        let text = groups.join("-");
        Secret {
            hash: hash_of(&text),
            text,
        }
    }

    /// Makes a token of 256 random bits.
    pub fn token() -> Secret {
        let text: String = random::<32>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Secret {
            hash: hash_of(&text),
            text,
        }
    }
}

/// Returns what is kept of a secret.
pub fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.trim().as_bytes()).into()
}

/// Returns the session that a person's record gives, if they may sign in.
pub fn session_of(board: &Board, person: PersonId) -> Option<Session> {
    let found = board
        .people
        .get(&person)
        .filter(|person| !person.disabled)?;
    Some(Session {
        person,
        seats: found.details.seats.clone(),
        unit: found.details.unit,
    })
}

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub struct From(pub IpAddr);

impl FromRequestParts<App> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<From, Problem> {
        let address = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        Ok(From(
            address.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)),
        ))
    }
}

impl FromRequestParts<App> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Session, Problem> {
        let From(address) = From::from_request_parts(parts, app).await?;
        let secret = secret_in(&parts.headers);
        let by_cookie = matches!(secret, Some(Presented::Cookie(_)) | None);
        if by_cookie && parts.method != Method::GET && parts.method != Method::HEAD {
            must_come_from_our_page(&parts.headers)?;
        }
        let Some(session) = current(app, address, &parts.headers)? else {
            app.limits.request(address.to_string())?;
            return Err(Problem::unauthenticated());
        };
        app.limits.request(session.person.to_string())?;
        Ok(session)
    }
}

/// Returns the session that a request's headers give right now. A stream asks again and again, since a right
/// that was taken away, or a session that has ended, must not go on being told.
pub fn current(
    app: &App,
    address: IpAddr,
    headers: &HeaderMap,
) -> Result<Option<Session>, Problem> {
    let session = match secret_in(headers) {
        Some(Presented::Cookie(text) | Presented::Bearer(text)) => session_for(&app.node, &text)?,
        None => None,
    };
    Ok(session.or_else(|| demo_session(app, address, headers)))
}

enum Presented {
    Cookie(String),
    Bearer(String),
}

fn secret_in(headers: &HeaderMap) -> Option<Presented> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(token) = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "))
    {
        return Some(Presented::Bearer(token.to_owned()));
    }
    cookie(headers).map(Presented::Cookie)
}

/// Returns the secret in the session cookie.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    let values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = values
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

fn session_for(node: &Node, secret: &str) -> Result<Option<Session>, Problem> {
    let hash = hash_of(secret);
    let found = node
        .read_store(|reader| Ok::<_, StoreError>((reader.session(&hash)?, reader.token(&hash)?)));
    let (session, token) = found.map_err(crate::api::person::fault)?;
    // Sessions run on the machine's clock even where the node replays a past night.
    let now = crate::clock::Clock::Real.now();
    if let Some(row) = session.filter(|row| now < row.expires_at) {
        return Ok(session_of(&node.board(), row.person));
    }
    let token = token.filter(|row| now < row.created_at.plus_s(TOKEN_S));
    Ok(token.and_then(|row| {
        let mut session = session_of(&node.board(), row.person)?;
        session.seats.retain(|seat| *seat == row.seat);
        Some(session)
    }))
}

/// A cookie is sent along by any page; only ours may act with it.
fn must_come_from_our_page(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let same = match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => text(header::HeaderName::from_static("sec-fetch-site"))
            .is_none_or(|site| site == "same-origin"),
    };
    if same { Ok(()) } else { Err(Problem::denied()) }
}

/// In the demo, whoever sits at this machine is signed in as a dispatcher; nobody else is.
fn demo_session(app: &App, address: IpAddr, headers: &HeaderMap) -> Option<Session> {
    let person = app.demo_visitor?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // A page elsewhere may point its own name at this machine; then the Host header gives it away.
    let here = address.is_loopback() && matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    if here {
        session_of(&app.node.board(), person)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_readable_and_never_the_same() {
        let (a, b) = (Secret::code(), Secret::code());
        assert_ne!(a.text, b.text);
        assert_eq!(a.text.len(), 23);
        assert!(
            a.text
                .chars()
                .all(|c| c == '-' || LETTERS.contains(&(c as u8)))
        );
        assert_eq!(a.hash, hash_of(&format!(" {} ", a.text)));
        assert_eq!(Secret::token().text.len(), 64);
    }

    #[test]
    fn a_cookie_acts_only_from_our_own_page() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect()
        };
        let fine = |pairs| must_come_from_our_page(&headers(pairs)).is_ok();
        assert!(fine(&[
            ("origin", "https://node.example"),
            ("host", "node.example")
        ]));
        assert!(!fine(&[
            ("origin", "https://evil.example"),
            ("host", "node.example")
        ]));
        assert!(!fine(&[("origin", "null"), ("host", "node.example")]));
        assert!(
            fine(&[("host", "node.example")]),
            "a program sends no Origin"
        );
        assert!(!fine(&[
            ("host", "node.example"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
