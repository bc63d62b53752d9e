//! Where enrolments are kept while they last: invitations given out and accepted, their people's words, the endpoint at
//! which accepters call, and the task that calls an inviter. In memory only: after a restart nothing has happened,
//! except what both had confirmed, which [`Identities::enrol`] has made durable.
//!
//! Strangers are admitted on the line only while an invitation of ours is open or was a moment ago.
//! Start at [`Enrolments::invite`] and [`Enrolments::accept`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State as Held;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Router};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Notify, watch};
use watchfire_feed::Hash;

use super::inviter::{Calling, With};
use super::message::{Answer, Message, Standing};
use super::{
    Accepter, Code, EnrolmentId, INVITATION_S, Identities, Invitation, InvitationError, Inviter,
    Party, State, Why, WordError,
};
use crate::link::client::{LinkError, PeerClient};
use crate::link::serve::{Caller, From, counted_as};
use crate::link::{Line, Strangers};
use crate::node::random;

/// Where accepters call.
pub const PATH: &str = "/enrol/v1";
/// Most enrolments that are not over.
pub const OPEN_MAX: usize = 16;
/// How long one that is over is shown, and its outcome told, in seconds.
pub const KEPT_S: u64 = 900;
/// Most hellos from one address, each minute.
pub const HELLOS_PER_MINUTE: u32 = 10;
/// How often an inviter is asked how it stands.
const PAUSE: Duration = Duration::from_secs(1);

/// Which side of an enrolment this node is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It gave the invitation out.
    Inviter,
    /// It accepted one.
    Accepter,
}

/// An enrolment, for the people here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which.
    pub id: EnrolmentId,
    /// Which side this node is on.
    pub role: Role,
    /// How far it is.
    pub state: State,
}

/// Why no enrolment was begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The invitation cannot be used, or cannot be made.
    #[error(transparent)]
    Invitation(#[from] InvitationError),
    /// There are too many.
    #[error("{OPEN_MAX} enrolments are open already; finish or refuse one first")]
    TooMany,
    /// It is being accepted already.
    #[error("this invitation is in use here already")]
    InUse,
    /// It is one of our own.
    #[error("this invitation is this node's own; it is for the other agency")]
    Ourselves,
}

/// All enrolments of a node.
pub struct Enrolments {
    line: Line,
    identities: Arc<dyn Identities>,
    addresses: Vec<String>,
    pause: Duration,
    open: Mutex<Open>,
    hellos: DefaultKeyedRateLimiter<IpAddr>,
    /// One outcome is made durable at a time, and each once.
    settling: tokio::sync::Mutex<()>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Open {
    all: BTreeMap<EnrolmentId, Kept>,
    /// What those who watch were last told of.
    told: Vec<Shown>,
}

struct Kept {
    side: Side,
    over_since: Option<u64>,
    /// Somebody here has said something that the other side should hear now.
    word: Arc<Notify>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// There was nothing to make durable, or it could not be.
    Nothing,
    /// Two have become peers.
    Durable,
}

enum Side {
    Inviter(Inviter),
    Accepter(Accepter),
}

impl Side {
    fn shown(&self) -> (Role, State) {
        match self {
            Side::Inviter(inviter) => (Role::Inviter, inviter.state()),
            Side::Accepter(accepter) => (Role::Accepter, accepter.state()),
        }
    }

    fn tick(&mut self, now: u64) {
        match self {
            Side::Inviter(inviter) => inviter.tick(now),
            Side::Accepter(accepter) => accepter.tick(now),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Side::Inviter(inviter) => inviter.is_over(),
            Side::Accepter(accepter) => accepter.is_over(),
        }
    }

    fn agreed(&self) -> Option<&Party> {
        match self {
            Side::Inviter(inviter) => inviter.agreed(),
            Side::Accepter(accepter) => accepter.agreed(),
        }
    }

    fn settle(&mut self) {
        match self {
            Side::Inviter(inviter) => inviter.settle(),
            Side::Accepter(accepter) => accepter.settle(),
        }
    }
}

impl Enrolments {
    /// Makes the place. The addresses are those that invitations name.
    pub fn new(
        line: Line,
        identities: Arc<dyn Identities>,
        addresses: Vec<String>,
    ) -> Arc<Enrolments> {
        Enrolments::with_pause(line, identities, addresses, PAUSE)
    }

    pub(super) fn with_pause(
        line: Line,
        identities: Arc<dyn Identities>,
        addresses: Vec<String>,
        pause: Duration,
    ) -> Arc<Enrolments> {
        let per_minute = NonZeroU32::new(HELLOS_PER_MINUTE).expect("the limit is not zero");
        Arc::new(Enrolments {
            line,
            identities,
            addresses,
            pause,
            open: Mutex::default(),
            hellos: RateLimiter::keyed(Quota::per_minute(per_minute)),
            settling: tokio::sync::Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    /// Invites: returns the invitation, which is shown once and given to the other agency.
    pub fn invite(&self) -> Result<(EnrolmentId, Invitation), OpenError> {
        let invitation = Invitation {
            node: self.line.certificates.node(),
            anchor: Hash::of(&self.line.certificates.anchor_der()),
            secret: random(),
            expires: self.now().saturating_add(INVITATION_S),
            addresses: self.addresses.clone(),
        };
        invitation.check()?;
        let inviter = Inviter::new(&invitation, self.identities.own());
        let id = inviter.id;
        self.keep(id, Side::Inviter(inviter))?;
        Ok((id, invitation))
    }

    /// Accepts an invitation of another agency, and begins to call there. Must be called where tasks can be started.
    pub fn accept(self: &Arc<Enrolments>, text: &str) -> Result<EnrolmentId, OpenError> {
        let invitation = Invitation::parse(text)?;
        if invitation.node == self.line.certificates.node() {
            return Err(OpenError::Ourselves);
        }
        let client = PeerClient::invited(
            self.line.clone(),
            invitation.node,
            invitation.anchor,
            &invitation.addresses,
        );
        let accepter = Accepter::new(invitation, self.identities.own(), random(), self.now());
        let id = accepter.id;
        let word = self.keep(id, Side::Accepter(accepter))?;
        tokio::spawn(Arc::clone(self).call(id, client, word));
        Ok(id)
    }

    /// Returns all, those that ended a while ago excepted.
    pub fn all(&self) -> Vec<Shown> {
        self.tend();
        self.lock().told.clone()
    }

    /// Returns one.
    pub fn state(&self, id: EnrolmentId) -> Option<State> {
        self.all()
            .into_iter()
            .find(|shown| shown.id == id)
            .map(|shown| shown.state)
    }

    /// A person here says that this is the code that they see there, too.
    pub async fn confirm(&self, id: EnrolmentId, code: Code) -> Result<State, WordError> {
        self.word(id, |side, now| match side {
            Side::Inviter(inviter) => inviter.confirm(code),
            Side::Accepter(accepter) => accepter.confirm(code, now),
        })?;
        self.settle(id).await;
        self.state(id).ok_or(WordError::Unknown)
    }

    /// A person here says that the codes differ, or does not want it.
    pub fn refuse(&self, id: EnrolmentId) -> Result<State, WordError> {
        self.word(id, |side, _| match side {
            Side::Inviter(inviter) => inviter.refuse(),
            Side::Accepter(accepter) => accepter.refuse(),
        })?;
        self.state(id).ok_or(WordError::Unknown)
    }

    /// Lets time pass: ends what was not confirmed in time, and forgets what ended a while ago. To be called every few
    /// seconds; everything else calls it as well.
    pub fn tend(&self) {
        let now = self.now();
        let mut open = self.lock();
        for kept in open.all.values_mut() {
            kept.side.tick(now);
        }
        self.look_round(open, now);
    }

    /// Returns a watch that wakes when something may look different.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns what peers and strangers reach: both, since an accepter becomes a peer in the middle.
    pub fn router(self: &Arc<Enrolments>) -> Router {
        Router::new()
            .route(PATH, post(hear))
            .with_state(Arc::clone(self))
    }

    fn now(&self) -> u64 {
        self.line.clock.now().as_secs()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, id: EnrolmentId, side: Side) -> Result<Arc<Notify>, OpenError> {
        self.tend();
        let mut open = self.lock();
        if open.all.get(&id).is_some_and(|kept| !kept.side.is_over()) {
            return Err(OpenError::InUse);
        }
        if open
            .all
            .values()
            .filter(|kept| !kept.side.is_over())
            .count()
            >= OPEN_MAX
        {
            return Err(OpenError::TooMany);
        }
        let word = Arc::new(Notify::new());
        let kept = Kept {
            side,
            over_since: None,
            word: Arc::clone(&word),
        };
        open.all.insert(id, kept);
        self.look_round(open, self.now());
        Ok(word)
    }

    fn word(
        &self,
        id: EnrolmentId,
        say: impl FnOnce(&mut Side, u64) -> Result<(), WordError>,
    ) -> Result<(), WordError> {
        let now = self.now();
        let mut open = self.lock();
        let kept = open.all.get_mut(&id).ok_or(WordError::Unknown)?;
        kept.side.tick(now);
        let said = say(&mut kept.side, now);
        kept.word.notify_one();
        self.look_round(open, now);
        said
    }

    /// After a change: forgets what is long over, opens the line to strangers or shuts it, and tells who watches.
    fn look_round(&self, mut open: MutexGuard<'_, Open>, now: u64) {
        for kept in open.all.values_mut().filter(|kept| kept.side.is_over()) {
            kept.over_since.get_or_insert(now);
        }
        open.all.retain(|_, kept| {
            kept.over_since
                .is_none_or(|since| now < since.saturating_add(KEPT_S))
        });
        let invites = |kept: &Kept| matches!(kept.side, Side::Inviter(_));
        let strangers = match open.all.values().any(invites) {
            true => Strangers::Admitted,
            false => Strangers::Refused,
        };
        let shown = open.all.iter().map(|(id, kept)| {
            let (role, state) = kept.side.shown();
            Shown {
                id: *id,
                role,
                state,
            }
        });
        let shown: Vec<Shown> = shown.collect();
        let is_new = shown != open.told;
        open.told = shown;
        drop(open);
        self.line.trust.admit(strangers);
        self.hellos.retain_recent();
        if is_new {
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// Makes durable what both have confirmed; it is tried again when the other side asks again.
    async fn settle(&self, id: EnrolmentId) -> Settled {
        let _one = self.settling.lock().await;
        let party = self
            .lock()
            .all
            .get(&id)
            .and_then(|kept| kept.side.agreed().cloned());
        let Some(party) = party else {
            return Settled::Nothing;
        };
        let node = party.known.node;
        if let Err(error) = self.identities.enrol(party).await {
            tracing::error!(%node, error, "an enrolment could not be made durable; it is tried again");
            return Settled::Nothing;
        }
        let mut open = self.lock();
        if let Some(kept) = open.all.get_mut(&id) {
            kept.side.settle();
        }
        self.look_round(open, self.now());
        Settled::Durable
    }

    /// Calls an inviter until something has come of it or nothing will.
    async fn call(self: Arc<Enrolments>, id: EnrolmentId, client: PeerClient, word: Arc<Notify>) {
        loop {
            let (message, waits) = {
                let now = self.now();
                let mut open = self.lock();
                let Some(Kept {
                    side: Side::Accepter(accepter),
                    ..
                }) = open.all.get_mut(&id)
                else {
                    return;
                };
                accepter.tick(now);
                (accepter.next(), accepter.waits())
            };
            let Some(message) = message else {
                if self.state(id).is_none_or(|state| is_over(&state)) {
                    return;
                }
                // The inviter says that they are peers, and here it could not be made durable.
                if self.settle(id).await == Settled::Nothing {
                    tokio::time::sleep(self.pause * 5).await;
                }
                continue;
            };
            let answered = client.post(PATH, message.encode()).await;
            let in_vain = answered.as_ref().is_err_and(LinkError::is_transient);
            self.heard(id, answered);
            self.settle(id).await;
            if waits || in_vain {
                // A word that is said here meanwhile is passed on at once.
                let _ = tokio::time::timeout(self.pause, word.notified()).await;
            }
        }
    }

    fn heard(&self, id: EnrolmentId, answered: Result<Vec<u8>, LinkError>) {
        let verify = |identity: &[u8]| self.identities.verify(identity);
        let now = self.now();
        let mut open = self.lock();
        let Some(Kept {
            side: Side::Accepter(accepter),
            ..
        }) = open.all.get_mut(&id)
        else {
            return;
        };
        match answered {
            Ok(bytes) => match Answer::decode(&bytes) {
                Some(answer) => accepter.heard(&answer, &verify, now),
                None => accepter.heard(
                    &Answer::Standing(Standing::Failed(Why::Protocol)),
                    &verify,
                    now,
                ),
            },
            Err(error) if error.is_transient() => accepter.tick(now),
            Err(error) => accepter.no_line(error.to_string()),
        }
        self.look_round(open, now);
    }

    fn answer(&self, caller: &Caller, message: &Message) -> (Option<EnrolmentId>, Answer) {
        let calling = match caller {
            Caller::Peer(node) => Calling {
                node: *node,
                anchor: None,
            },
            Caller::Stranger(stranger) => Calling {
                node: stranger.node,
                anchor: Some(&stranger.anchor),
            },
        };
        let verify = |identity: &[u8]| self.identities.verify(identity);
        let with = With {
            verify: &verify,
            nonce: random(),
            now: self.now(),
        };
        let mut open = self.lock();
        let inviters = open
            .all
            .iter_mut()
            .filter_map(|(id, kept)| match &mut kept.side {
                Side::Inviter(inviter) => Some((*id, inviter)),
                Side::Accepter(_) => None,
            });
        let mut meant = inviters.filter(|(at, inviter)| match message {
            Message::Hello { secret, .. } => inviter.has_secret(secret),
            Message::Reveal { id, .. }
            | Message::Confirm { id, .. }
            | Message::Ask { id }
            | Message::Forget { id } => id == at,
        });
        let Some((id, inviter)) = meant.next() else {
            let asks = matches!(message, Message::Ask { .. } | Message::Confirm { .. });
            // A peer that still asks has become one by an enrolment that is forgotten here.
            let standing = match (caller, asks) {
                (Caller::Peer(_), true) => Standing::Enrolled,
                (Caller::Peer(_) | Caller::Stranger(_), _) => Standing::Failed(Why::NotInvited),
            };
            return (None, Answer::Standing(standing));
        };
        let answer = inviter.take(calling, message, &with);
        self.look_round(open, with.now);
        (Some(id), answer)
    }
}

fn is_over(state: &State) -> bool {
    match state {
        State::Enrolled { .. } | State::Failed(_) => true,
        State::Invited
        | State::Comparing(_)
        | State::ConfirmedHere(_)
        | State::ConfirmedThere(_) => false,
    }
}

async fn hear(
    Held(enrolments): Held<Arc<Enrolments>>,
    caller: Caller,
    Extension(From(from)): Extension<From>,
    body: Bytes,
) -> Response {
    let Some(message) = Message::decode(&body) else {
        return (StatusCode::BAD_REQUEST, "not a message of enrolment").into_response();
    };
    let is_hello = matches!(message, Message::Hello { .. });
    if is_hello && enrolments.hellos.check_key(&counted_as(from.ip())).is_err() {
        return (StatusCode::TOO_MANY_REQUESTS, "too many; wait a minute").into_response();
    }
    let (id, mut answer) = enrolments.answer(&caller, &message);
    if let Some(id) = id {
        // What has become durable by this very word is told in its answer.
        if enrolments.settle(id).await == Settled::Durable {
            (_, answer) = enrolments.answer(&caller, &message);
        }
    }
    answer.encode().into_response()
}
