//! One node among others, in this process: made, started with and without its line, made known to others, brought into
//! an operation. Must not know what is measured; start at [`Member::create`] and [`Member::start`].

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use watchfire::clock::Clock;
use watchfire::config;
use watchfire::federation::Federation;
use watchfire::federation::enrolling::{Enrolling, read_identity};
use watchfire::federation::identity;
use watchfire::link::enrol::{Identities as _, Known, Party};
use watchfire::node::{Health, Node, Settings, Submission, random};
use watchfire::policy::Authorized;
use watchfire::travel::Travel;
use watchfire_core::basis::OperationId;
use watchfire_core::engine;
use watchfire_core::entropy::Entropy;
use watchfire_core::plan::ResponseFile;
use watchfire_core::record::Action;
use watchfire_core::record::operation::{Handling, History, OperationAction};
use watchfire_core::record::participation::ParticipationAction;
use watchfire_feed::NodeId;
use watchfire_roads::StraightLine;
use watchfire_store::Store;

use crate::Outcome;
use crate::stage::{City, Stage};

/// How long each step of bringing nodes together may take.
const WITHIN: Duration = Duration::from_secs(120);

/// A node in this process; it is stopped when it is dropped.
pub(crate) struct Member {
    /// The node.
    pub(crate) node: Node,
    /// Its directory.
    pub(crate) dir: PathBuf,
    name: String,
    listen: config::Federation,
    thread: Option<JoinHandle<Health>>,
}

impl Member {
    /// Makes a node in a directory, whatever was there before, with an identity and a port of its own for peers.
    pub(crate) fn create(dir: &Path, city: &City) -> Outcome<config::Federation> {
        let mut store = Stage::create(dir, city, Clock::Real.now())?.into_store()?;
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let listen = config::Federation {
            listen: Some(free),
            addresses: vec![free.to_string()],
        };
        identity::ensure(&mut store, dir, &listen.addresses, Clock::Real.now())?;
        Ok(listen)
    }

    /// Starts the node of a directory; nobody is called or answered yet.
    pub(crate) fn start(
        dir: &Path,
        name: &str,
        listen: &config::Federation,
        response: &Arc<ResponseFile>,
    ) -> Outcome<Member> {
        let settings = Settings {
            name: name.to_owned(),
            zone: None,
            clock: Clock::Real,
            travel: Travel::new(None, StraightLine::default(), 100),
            timers: Default::default(),
            duplicates: Default::default(),
            targets: Default::default(),
            cover: Default::default(),
            keep_ended_s: 3_600,
            keep_trail_s: 3_600,
            keep_draft_s: 24 * 3_600,
            keep_made_s: 24 * 3_600,
            simulated: None,
            demo: false,
        };
        let (store, entropy) = (Store::open(dir)?, Entropy::new(random()));
        let (node, thread) = Node::start(store, settings, Arc::clone(response), entropy)?;
        Ok(Member {
            node,
            dir: dir.to_owned(),
            name: name.to_owned(),
            listen: listen.clone(),
            thread: Some(thread),
        })
    }

    /// Makes and starts a node with its line. Must be called within a runtime.
    pub(crate) fn new(dir: &Path, name: &str, city: &City) -> Outcome<Member> {
        let listen = Member::create(dir, city)?;
        let member = Member::start(dir, name, &listen, &city.response)?;
        member.connect()?;
        Ok(member)
    }

    /// Begins to answer peers and to call them. Must be called within a runtime.
    pub(crate) fn connect(&self) -> Outcome<()> {
        Ok(Federation::start(&self.node, &self.dir, &self.listen)?)
    }

    /// Returns the node's id.
    pub(crate) fn id(&self) -> NodeId {
        self.node.feed().node
    }

    /// Returns where peers reach it.
    pub(crate) fn listen(&self) -> &config::Federation {
        &self.listen
    }

    /// Lets the node do something, and waits until it is durable.
    pub(crate) async fn does(&self, action: Action) -> Outcome<engine::Outcome> {
        let submission = Submission::fresh(Authorized::by_the_node(action));
        let done = self.node.submit(submission).await;
        Ok(done.map_err(|why| format!("{}: {why:?}", self.name))?)
    }

    /// Makes a peer of another, as enrolment does when two people have compared.
    async fn enrol(&self, other: &Member) -> Outcome<()> {
        let line = self
            .node
            .federation()
            .line()
            .ok_or("the line is not open")?;
        let here = Enrolling {
            node: self.node.clone(),
            line: line.clone(),
        };
        let there = Enrolling {
            node: other.node.clone(),
            line: line.clone(),
        };
        let identity = there.own().identity;
        let (known, _) = read_identity(&identity)?;
        let anchors = known.anchors().iter().map(|one| one.certificate.clone());
        let known = Known {
            node: known.node(),
            name: other.name.clone(),
            head: known.head().hash,
            anchors: anchors.collect(),
        };
        let party = Party {
            known,
            identity,
            addresses: other.listen.addresses.clone(),
        };
        Ok(here.enrol(party).await?)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.node.federation().end();
        self.node.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Makes peers of all these.
pub(crate) async fn acquaint(members: &[Member]) -> Outcome<()> {
    for (at, one) in members.iter().enumerate() {
        for other in &members[at + 1..] {
            one.enrol(other).await?;
            other.enrol(one).await?;
        }
    }
    Ok(())
}

/// Raises an operation at the first, and lets all others join.
pub(crate) async fn join(members: &[Member]) -> Outcome<OperationId> {
    let (lead, others) = members.split_first().ok_or("nobody is there")?;
    let raise = OperationAction::Raise {
        name: "bench".parse()?,
        purpose: "measure".parse()?,
        legal_basis: "an exercise".parse()?,
        handling: Handling::PoliceUse,
        history: History::All,
        exercise: true,
        succeeds: None,
        own_name: "lead".parse()?,
    };
    let raised = lead.does(Action::Operation(raise)).await?;
    let operation = OperationId(raised.records[0].0.id);
    for other in others {
        let invite = OperationAction::Invite {
            operation,
            node: other.id(),
            role: "helps".parse()?,
        };
        lead.does(Action::Operation(invite)).await?;
    }
    for other in others {
        until("an invitation", || {
            let board = other.node.board();
            let found = board.operation_anywhere(operation);
            found.is_ok_and(|found| found.names(&other.id()))
        })
        .await?;
        let join = ParticipationAction::Join { operation };
        other.does(Action::Participation(join)).await?;
    }
    until("an operation of all", || {
        members.iter().all(|one| {
            let board = one.node.board();
            members
                .iter()
                .all(|other| board.is_member(operation, &other.id()))
        })
    })
    .await?;
    Ok(operation)
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) -> Outcome<()> {
    let deadline = tokio::time::Instant::now() + WITHIN;
    while !holds() {
        if tokio::time::Instant::now() > deadline {
            return Err(format!("{what} never came about").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
