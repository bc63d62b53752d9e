//! The people at the nodes of a federation: what they ask for at random, in words for the story and as actions.
//!
//! They see what their own node shows, which may be old, and act on it: refusals are part of the story. Half of
//! the time they do what waits for somebody (an invitation, an offer of command, an ask), otherwise whatever
//! comes to mind. They know nothing of other nodes but what is on their own screen. Start at [`act`].

use watchfire_core::basis::{
    IncidentId, Line, MessageId, OperationId, Place, Point, Priority, Prose, UnitId,
};
use watchfire_core::board::Board;
use watchfire_core::entropy::Entropy;
use watchfire_core::record::assignment::{AssignmentAction, Choice, Step, Why};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::{Ask, Message, MessageAction, What};
use watchfire_core::record::operation::{Handling, History, Operation, OperationAction};
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::peer::{Peer, PeerAction};
use watchfire_core::record::reply::{Reply, ReplyAction};
use watchfire_core::record::unit::{Duty, UnitAction, UnitDetails};
use watchfire_core::record::{Action, Elsewhere, RecordRef};
use watchfire_feed::NodeId;

use crate::site::Site;

/// What somebody asks for, in words and as an action.
pub(crate) type Wish = (String, Action);

const OPERATIONS_MAX: usize = 3;
const UNITS: u64 = 4;
const INCIDENTS_OPEN_MAX: usize = 6;

/// Returns what somebody at a node asks for next. `stranger` says whom nobody here would hand command to.
pub(crate) fn act(site: &Site, dice: &mut Entropy, stranger: Option<NodeId>) -> Wish {
    let mut desk = Desk {
        board: &site.shown,
        site,
        dice,
        stranger,
    };
    let waiting = desk.waiting();
    if !waiting.is_empty() && desk.dice.below(2) == 0 {
        let at = desk.dice.below(waiting.len() as u64) as usize;
        return waiting[at].clone();
    }
    desk.whatever()
}

/// Returns the action by which somebody lets a peer in again.
pub(crate) fn let_in(node: &NodeId) -> Action {
    let peer = Peer::id_of(node);
    Action::Peer(PeerAction::LetIn { peer })
}

/// Returns the action that raises an operation.
pub(crate) fn raise(own_name: &str, history: History) -> Action {
    Action::Operation(OperationAction::Raise {
        name: line("parcel"),
        purpose: line("stop a parcel"),
        legal_basis: line("art. 54"),
        handling: Handling::PoliceUse,
        history,
        exercise: true,
        succeeds: None,
        own_name: line(own_name),
    })
}

/// Returns the action that calls a peer in.
pub(crate) fn invite(operation: OperationId, node: NodeId) -> Action {
    let role = line("helps");
    Action::Operation(OperationAction::Invite {
        operation,
        node,
        role,
    })
}

fn line(text: &str) -> Line {
    text.parse().expect("the simulator's own words fit a line")
}

fn prose(text: &str) -> Prose {
    text.parse().expect("the simulator's own words are prose")
}

fn act_on_operation(action: OperationAction) -> Action {
    Action::Operation(action)
}

fn part(action: ParticipationAction) -> Action {
    Action::Participation(action)
}

/// What one person has before them.
struct Desk<'a> {
    board: &'a Board,
    site: &'a Site,
    dice: &'a mut Entropy,
    stranger: Option<NodeId>,
}

impl Desk<'_> {
    fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        match among.len() {
            0 => None,
            count => Some(among[self.dice.below(count as u64) as usize].clone()),
        }
    }

    fn own(&self) -> NodeId {
        self.site.node()
    }

    fn operations(&self) -> Vec<Operation> {
        let all = self.board.all_operations();
        all.into_iter().cloned().collect()
    }

    /// Returns an operation that this node takes part in, or any that it knows.
    fn an_operation(&mut self) -> Option<Operation> {
        let own = self.board.own_operations(self.own());
        let all = self.operations();
        let joined: Vec<Operation> = all
            .iter()
            .filter(|one| own.contains(&one.id))
            .cloned()
            .collect();
        match joined.is_empty() || self.dice.below(12) == 0 {
            true => self.pick(&all),
            false => self.pick(&joined),
        }
    }

    fn a_member(&mut self, operation: &Operation) -> Option<NodeId> {
        let own = self.own();
        let others = operation.members.keys().filter(|node| **node != own);
        let others: Vec<NodeId> = others.copied().collect();
        self.pick(&others)
    }

    fn an_incident(&mut self) -> Option<IncidentId> {
        let ids: Vec<IncidentId> = self.board.incidents.keys().copied().collect();
        self.pick(&ids)
    }

    fn a_unit(&mut self) -> Option<UnitId> {
        let ids: Vec<UnitId> = self.board.units.keys().copied().collect();
        self.pick(&ids)
    }

    fn name(&self, node: &NodeId) -> String {
        self.board.name_of(node)
    }

    /// Returns the records of other homes that are shared with this node in an operation, and with which tier.
    fn shared(&self, operation: &Operation) -> Vec<(Elsewhere, Tier)> {
        let mut all = Vec::new();
        for node in operation.members.keys().filter(|node| **node != self.own()) {
            let found = self.board.participation_of(operation.id, *node);
            for share in found.iter().flat_map(|found| &found.shares) {
                let record = share.record;
                let node = *node;
                all.push((Elsewhere { node, record }, share.tier));
            }
        }
        all
    }

    /// Returns what waits for somebody here.
    fn waiting(&mut self) -> Vec<Wish> {
        let mut all = Vec::new();
        let own = self.own();
        for operation in self.operations() {
            let id = operation.id;
            let named = operation.names(&own) && operation.is_open();
            if named && !self.board.takes_part(own, id) {
                let join = ParticipationAction::Join { operation: id };
                all.push((format!("joins {id:?}"), part(join)));
            }
            if operation.offered_to == Some(own) {
                let take = OperationAction::TakeCommand { operation: id };
                let decline = ParticipationAction::DeclineCommand { operation: id };
                all.push((format!("takes command of {id:?}"), act_on_operation(take)));
                all.push((format!("declines command of {id:?}"), part(decline)));
            }
        }
        for (node, board) in &self.board.copies.boards {
            for message in board.messages.values() {
                all.extend(self.answer_to(*node, message));
            }
            let offered = board.incidents.values();
            for incident in offered.filter(|one| one.offered_to == Some(own)) {
                let record = RecordRef::from(incident.id);
                let node = *node;
                all.extend(self.answers_to_offer(Elsewhere { node, record }));
            }
        }
        for unit in self.board.units.values() {
            if unit.duty == Duty::OffDuty {
                let make = UnitAction::MakeAvailable { unit: unit.id };
                let words = format!("{} comes on duty", unit.callsign);
                all.push((words, Action::Unit(make)));
            }
        }
        all
    }

    /// Returns how an incident that its home offers for good can be answered.
    fn answers_to_offer(&self, of: Elsewhere) -> Vec<Wish> {
        let answer = |operation, accept| {
            Action::Reply(ReplyAction::AnswerOffer {
                operation,
                of,
                accept,
                reason: None,
            })
        };
        let mut all = Vec::new();
        for operation in self.board.own_operations(self.own()) {
            let words = |what| format!("{what} {} for good", of.record);
            all.push((words("takes"), answer(operation, true)));
            all.push((words("declines"), answer(operation, false)));
        }
        all
    }

    /// Returns what can be done about an ask of another node.
    fn answer_to(&self, node: NodeId, message: &Message) -> Vec<Wish> {
        let What::Ask { of, ask, .. } = &message.what else {
            return Vec::new();
        };
        let to = Elsewhere {
            node,
            record: message.id.into(),
        };
        let answered = self.board.replies.get(&Reply::id_of(&self.own(), &to));
        if of.node != self.own() || answered.is_some_and(|reply| reply.answer.is_some()) {
            return Vec::new();
        }
        let answer = |accept: bool| {
            Action::Reply(ReplyAction::Answer {
                node,
                message: message.id,
                accept,
                reason: (!accept).then(|| line("not now")),
                clash: false,
            })
        };
        let mut all = vec![
            (format!("says yes to {:?}", message.id), answer(true)),
            (format!("says no to {:?}", message.id), answer(false)),
        ];
        if let Ask::Send { to } = ask {
            let record = RecordRef::from(*to);
            let of = Elsewhere { node, record };
            let category = None;
            let open = Action::Incident(IncidentAction::OpenFor { of, category });
            all.push((format!("opens an incident for {record}"), open));
        }
        all
    }

    fn whatever(&mut self) -> Wish {
        let wish = match self.dice.below(100) {
            0..=19 => self.on_an_incident(),
            20..=29 => self.on_a_unit(),
            30..=39 => self.on_an_assignment(),
            40..=57 => self.on_a_share(),
            58..=69 => self.with_a_message(),
            70..=75 => self.on_a_loan(),
            76..=80 => self.on_command(),
            81..=90 => self.as_the_lead(),
            91..=94 => self.on_its_part(),
            95..=96 => self.on_a_peer(),
            _ => self.on_a_reply(),
        };
        wish.unwrap_or_else(|| self.open())
    }

    fn open(&mut self) -> Wish {
        let open = IncidentAction::Open {
            from_call: None,
            category: Some("fraud".parse().expect("fraud is a code")),
            priority: Some(Priority::P2),
            place: Some(somewhere(self.dice)),
        };
        ("opens an incident".to_owned(), Action::Incident(open))
    }

    fn on_an_incident(&mut self) -> Option<Wish> {
        if self.board.open_incident_count() < 2 {
            return Some(self.open());
        }
        let incident = self.an_incident()?;
        let (what, action) = match self.dice.below(14) {
            12 => {
                let operation = self.an_operation()?;
                let to = self.a_member(&operation)?;
                ("offers for good", IncidentAction::Offer { incident, to })
            }
            13 => {
                let reason = line("its time is over");
                ("erases", IncidentAction::Erase { incident, reason })
            }
            0 if self.board.open_incident_count() < INCIDENTS_OPEN_MAX => return Some(self.open()),
            0..=5 => {
                let text = prose(&format!("seen {}", self.dice.below(1_000)));
                ("writes on", IncidentAction::AddNote { incident, text })
            }
            6 | 7 => {
                let priority = Some(Priority::P1);
                let category = Some("theft".parse().expect("theft is a code"));
                let grade = IncidentAction::Grade {
                    incident,
                    category,
                    priority,
                };
                ("grades", grade)
            }
            8 => {
                let place = somewhere(self.dice);
                ("moves", IncidentAction::Relocate { incident, place })
            }
            9 => {
                let disposition = line("done");
                let close = IncidentAction::Close {
                    incident,
                    disposition,
                };
                ("closes", close)
            }
            10 => {
                let into = self.an_incident()?;
                match self.dice.below(2) {
                    0 => ("merges", IncidentAction::Merge { incident, into }),
                    _ => ("unmerges", IncidentAction::Unmerge { incident }),
                }
            }
            _ => {
                let reason = line("again");
                ("reopens", IncidentAction::Reopen { incident, reason })
            }
        };
        Some((format!("{what} {incident:?}"), Action::Incident(action)))
    }

    fn on_a_unit(&mut self) -> Option<Wish> {
        if self.board.units.len() < 2 || self.dice.below(6) == 0 {
            let callsign = format!("{}{}", self.site.name, self.dice.below(UNITS));
            let details = UnitDetails {
                kind: "car".parse().expect("car is a code"),
                capabilities: Default::default(),
                station: None,
                post: None,
                crew: Some(2),
                areas: Default::default(),
            };
            let enter = UnitAction::Enter {
                callsign: line(&callsign),
                details,
            };
            return Some((format!("enters {callsign}"), Action::Unit(enter)));
        }
        let unit = self.a_unit()?;
        let (what, action) = match self.dice.below(6) {
            0 => ("goes off duty", UnitAction::GoOffDuty { unit }),
            1 => {
                let reason = line("broke down");
                let out = UnitAction::TakeOutOfService { unit, reason };
                ("goes out of service", out)
            }
            _ => ("is available", UnitAction::MakeAvailable { unit }),
        };
        Some((format!("{unit:?} {what}"), Action::Unit(action)))
    }

    fn on_an_assignment(&mut self) -> Option<Wish> {
        let live: Vec<_> = self.board.live_assignments().map(|live| live.id).collect();
        if live.is_empty() || self.dice.below(2) == 0 {
            let (incident, unit) = (self.an_incident()?, self.a_unit()?);
            let why = Why::default();
            let choices = vec![Choice { unit, why }];
            let send = AssignmentAction::Send { incident, choices };
            let words = format!("sends {unit:?} to {incident:?}");
            return Some((words, Action::Assignment(send)));
        }
        let assignment = self.pick(&live)?;
        let (what, step) = match self.dice.below(8) {
            0 => ("acknowledges", Step::Acknowledge),
            1 | 2 => ("departs", Step::Depart),
            3 | 4 => ("arrives", Step::Arrive),
            5 | 6 => ("clears", Step::Clear { ending: None }),
            _ => {
                let incident = self.an_incident()?;
                let action = AssignmentAction::Reassign {
                    assignment,
                    incident,
                    why: Why::default(),
                    reason: None,
                };
                let words = format!("{assignment:?} goes on to {incident:?}");
                return Some((words, Action::Assignment(action)));
            }
        };
        let action = AssignmentAction::Advance { assignment, step };
        Some((format!("{assignment:?} {what}"), Action::Assignment(action)))
    }

    fn on_a_share(&mut self) -> Option<Wish> {
        let operation = self.an_operation()?;
        let id = operation.id;
        let own = self.board.participation_of(id, self.own());
        let shares: Vec<RecordRef> = own
            .iter()
            .flat_map(|own| &own.shares)
            .map(|share| share.record)
            .collect();
        if self.dice.below(5) == 0 && !shares.is_empty() {
            let record = self.pick(&shares)?;
            let end = ParticipationAction::EndShare {
                operation: id,
                record,
            };
            return Some((format!("shares {record} no longer"), part(end)));
        }
        let record: RecordRef = match self.dice.below(3) {
            0 => self.a_unit()?.into(),
            _ => self.an_incident()?.into(),
        };
        let until = match self.dice.below(4) {
            0 => Some(self.site.now.plus_s(60 + self.dice.below(1_800) as u32)),
            _ => None,
        };
        let tier = match self.dice.below(3) {
            0 => Tier::View,
            _ => Tier::Assist,
        };
        let share = ParticipationAction::Share {
            operation: id,
            record,
            tier,
            with_response: self.dice.below(2) == 0,
            until,
        };
        Some((
            format!("shares {record} in {id:?} to {tier:?}"),
            part(share),
        ))
    }

    fn with_a_message(&mut self) -> Option<Wish> {
        let operation = self.an_operation()?;
        let id = operation.id;
        let shared = self.shared(&operation);
        if self.dice.below(3) == 0 || shared.is_empty() {
            let about = self.pick(&shared).map(|(of, _)| of);
            let text = prose(&format!("said {}", self.dice.below(1_000)));
            let say = MessageAction::Say {
                operation: id,
                about,
                text,
                break_silence: None,
            };
            return Some((format!("speaks in {id:?}"), Action::Message(say)));
        }
        if self.dice.below(8) == 0 {
            let mine: Vec<MessageId> = self.board.messages.keys().copied().collect();
            let message = self.pick(&mine)?;
            let reason = line("mistaken");
            let withdraw = MessageAction::Withdraw { message, reason };
            return Some((format!("takes {message:?} back"), Action::Message(withdraw)));
        }
        let (of, _) = self.pick(&shared)?;
        self.ask_for(id, of)
    }

    fn ask_for(&mut self, operation: OperationId, of: Elsewhere) -> Option<Wish> {
        let unit = of.record.kind == watchfire_core::record::RecordKind::Unit;
        let ask = match unit {
            true if self.dice.below(5) == 0 => Ask::Release,
            true => Ask::Send {
                to: self.an_incident()?,
            },
            false => Ask::Attend,
        };
        let version = self.board.copy(of).map(|copy| copy.version());
        let ask_it = MessageAction::Ask {
            operation,
            of,
            ask,
            if_version: version.filter(|_| self.dice.below(3) == 0),
            expires_at: self.site.now.plus_s(600 + self.dice.below(7_200) as u32),
            text: Some(prose("if you can")),
            break_silence: None,
        };
        let words = format!("asks {} {ask:?} of {}", self.name(&of.node), of.record);
        Some((words, Action::Message(ask_it)))
    }

    fn on_a_loan(&mut self) -> Option<Wish> {
        let operation = self.an_operation()?;
        let id = operation.id;
        // Whoever has borrowed one asks for it.
        let lent = self.lent_to_us(&operation);
        if !lent.is_empty() && self.dice.below(2) == 0 {
            let of = self.pick(&lent)?;
            return self.ask_for(id, of);
        }
        let unit = self.a_unit()?;
        if self.dice.below(4) == 0 {
            let end = ParticipationAction::EndLoan {
                operation: id,
                unit,
                reason: line("needed at home"),
            };
            return Some((format!("ends the loan of {unit:?}"), part(end)));
        }
        let to = self.a_member(&operation)?;
        let lend = ParticipationAction::Lend {
            operation: id,
            unit,
            to,
            until: self.site.now.plus_s(600 + self.dice.below(10_000) as u32),
        };
        Some((format!("lends {unit:?} to {}", self.name(&to)), part(lend)))
    }

    fn lent_to_us(&self, operation: &Operation) -> Vec<Elsewhere> {
        let own = self.own();
        let mut all = Vec::new();
        for node in operation.members.keys() {
            let found = self.board.participation_of(operation.id, *node);
            for loan in found.iter().flat_map(|found| &found.loans) {
                if loan.to == own && loan.ended_at.is_none() {
                    let record = loan.unit.into();
                    all.push(Elsewhere {
                        node: *node,
                        record,
                    });
                }
            }
        }
        all
    }

    fn on_command(&mut self) -> Option<Wish> {
        let operation = self.an_operation()?;
        let id = operation.id;
        let (what, action) = match self.dice.below(8) {
            0 => ("takes", OperationAction::TakeCommand { operation: id }),
            1 => ("keeps", OperationAction::KeepCommand { operation: id }),
            2 => {
                let decline = ParticipationAction::DeclineCommand { operation: id };
                return Some((format!("declines command of {id:?}"), part(decline)));
            }
            _ => {
                let to = self.a_member(&operation)?;
                if Some(to) == self.stranger {
                    return None;
                }
                let offer = OperationAction::OfferCommand { operation: id, to };
                let words = format!("offers {} command of {id:?}", self.name(&to));
                return Some((words, act_on_operation(offer)));
            }
        };
        Some((
            format!("{what} command of {id:?}"),
            act_on_operation(action),
        ))
    }

    fn as_the_lead(&mut self) -> Option<Wish> {
        if self.operations().len() < OPERATIONS_MAX && self.dice.below(12) == 0 {
            let raise = raise(&self.site.name, History::All);
            return Some(("raises an operation".to_owned(), raise));
        }
        let operation = self.an_operation()?;
        let id = operation.id;
        let (words, action) = match self.dice.below(16) {
            0..=5 => {
                let peers: Vec<NodeId> = self.board.peers.values().map(|peer| peer.node).collect();
                let node = self.pick(&peers)?;
                return Some((format!("calls {} in", self.name(&node)), invite(id, node)));
            }
            6..=8 => {
                let node = self.a_member(&operation)?;
                let reason = line("no longer");
                let words = format!("removes {}", self.name(&node));
                let remove = OperationAction::Remove {
                    operation: id,
                    node,
                    reason,
                };
                (words, remove)
            }
            9..=12 => {
                let number = self.dice.below(3) as usize;
                let text = line(&format!("find {}", self.dice.below(100)));
                let set = OperationAction::SetObjective {
                    operation: id,
                    number,
                    text,
                };
                ("sets an objective".to_owned(), set)
            }
            13 => {
                let number = self.dice.below(3) as usize;
                let reach = OperationAction::ReachObjective {
                    operation: id,
                    number,
                };
                ("reaches an objective".to_owned(), reach)
            }
            14 => {
                let reason = line("found");
                let down = OperationAction::StandDown {
                    operation: id,
                    reason,
                };
                (format!("stands {id:?} down"), down)
            }
            _ if self.dice.below(3) == 0 => {
                let outcome = line("found");
                let close = OperationAction::Close {
                    operation: id,
                    outcome,
                };
                (format!("closes {id:?}"), close)
            }
            _ => return None,
        };
        Some((words, act_on_operation(action)))
    }

    fn on_its_part(&mut self) -> Option<Wish> {
        let operation = self.an_operation()?;
        let id = operation.id;
        let (words, action) = match self.dice.below(4) {
            0 => {
                let reason = line("no crews");
                let leave = ParticipationAction::Leave {
                    operation: id,
                    reason,
                };
                ("leaves", leave)
            }
            1 => {
                let reason = line("not ours");
                let decline = ParticipationAction::Decline {
                    operation: id,
                    reason,
                };
                ("says no to", decline)
            }
            _ => ("joins", ParticipationAction::Join { operation: id }),
        };
        Some((format!("{words} {id:?}"), part(action)))
    }

    fn on_a_peer(&mut self) -> Option<Wish> {
        let peers: Vec<(NodeId, bool)> = self
            .board
            .peers
            .values()
            .map(|peer| (peer.node, peer.is_let_in()))
            .collect();
        let (node, in_now) = self.pick(&peers)?;
        let name = self.name(&node);
        let peer = Peer::id_of(&node);
        if !in_now {
            return Some((format!("lets {name} in"), let_in(&node)));
        }
        if self.dice.below(2) == 0 {
            return None;
        }
        let reason = line("stolen");
        let out = PeerAction::ShutOut { peer, reason };
        Some((format!("shuts {name} out"), Action::Peer(out)))
    }

    fn on_a_reply(&mut self) -> Option<Wish> {
        let operation = self.an_operation()?;
        let shared = self.shared(&operation);
        let (to, _) = self.pick(&shared)?;
        let operation = operation.id;
        let (what, action) = match self.dice.below(2) {
            0 => ("sees", ReplyAction::Show { operation, to }),
            _ => ("signs for", ReplyAction::Sign { operation, to }),
        };
        Some((format!("{what} {}", to.record), Action::Reply(action)))
    }
}

pub(crate) fn somewhere(dice: &mut Entropy) -> Place {
    Place {
        point: Point {
            lat_e6: 30_000_000 + dice.below(50_000) as i32,
            lon_e6: 120_000_000 + dice.below(50_000) as i32,
        },
        address: None,
        area: None,
    }
}
