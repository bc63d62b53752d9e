//! What is done in the parcel scenario, by whom and when. Every step is an action like anybody's, decided by the node
//! that does it; a step that needs something from elsewhere waits until it has come.

use std::time::Duration;

use watchfire_core::basis::{
    AssignmentId, CallId, IncidentId, MessageId, OperationId, Personal, Priority, Prose,
};
use watchfire_core::record::assignment::{AssignmentAction, Step};
use watchfire_core::record::call::{CallAction, CallDetails, Channel};
use watchfire_core::record::incident::IncidentAction;
use watchfire_core::record::message::{Ask, MessageAction};
use watchfire_core::record::operation::{Handling, History, OperationAction};
use watchfire_core::record::participation::{ParticipationAction, Tier};
use watchfire_core::record::reply::ReplyAction;
use watchfire_core::record::{Action, Elsewhere, RecordRef};

use super::{Player, Relay, ScenarioError};

/// How long a step waits for what it needs before the story is given up.
const PATIENCE: Duration = Duration::from_secs(60);

const COUNTY: usize = 0;
const CITY: usize = 1;
const PROVINCE: usize = 2;
const AIRPORT: usize = 3;
const RECEIVING: usize = 4;

type Told<T> = Result<T, ScenarioError>;

/// Tells the story; ends when it is told, and the nodes go on.
pub(super) async fn tell(players: &[Player], relays: &[Relay], pace: u32) {
    let teller = Teller {
        players,
        relays,
        pace,
    };
    match teller.all().await {
        Ok(()) => tracing::info!("the story is told; the nodes go on"),
        Err(error) => tracing::error!(%error, "the story stopped"),
    }
}

struct Teller<'a> {
    players: &'a [Player],
    relays: &'a [Relay],
    pace: u32,
}

impl Teller<'_> {
    async fn all(&self) -> Told<()> {
        self.pause(4).await;
        let incident = self.jeweller_calls().await?;
        let operation = self.county_raises(incident).await?;
        self.others_join(operation).await?;
        self.county_shares(operation, incident).await?;
        self.airport_prepares(operation, incident).await?;
        self.line_is_cut(operation).await?;
        let assignment = self.airport_is_asked(operation, incident).await?;
        self.parcel_is_found(operation, assignment).await?;
        self.line_is_mended(operation).await?;
        self.case_is_closed(operation, incident).await
    }

    async fn pause(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_millis(
            seconds * 1_000 / u64::from(self.pace),
        ))
        .await;
    }

    /// Waits until a node shows something.
    async fn until(&self, what: &str, shown: impl Fn() -> bool) -> Told<()> {
        let began = tokio::time::Instant::now();
        while !shown() {
            if began.elapsed() > PATIENCE {
                return Err(ScenarioError::Refused(format!("{what} did not come about")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn does(&self, who: usize, action: Action) -> Told<RecordRef> {
        let done = self.players[who].does(action).await?;
        Ok(done.records[0].0)
    }

    async fn says(&self, who: usize, operation: OperationId, text: &str) -> Told<RecordRef> {
        let say = MessageAction::Say {
            operation,
            about: None,
            text: prose(text),
            break_silence: None,
        };
        self.does(who, Action::Message(say)).await
    }

    async fn jeweller_calls(&self) -> Told<IncidentId> {
        let details = CallDetails {
            place: Some(self.players[COUNTY].place.clone()),
            category: Some(code("fraud")),
            priority: Some(Priority::P2),
            personal: Personal {
                caller: Some(line("金店店主（虚构） jeweller (invented)")),
                callback: Some(line("0575-0000-0000")),
                said: Some(prose(
                    "有人电话订购金条，已付款，要求当天寄出。包裹中午寄走，付款人现在说是被骗的。单号 WF-2026-0042。\n\
                     Gold was ordered by telephone, paid, and posted at noon. The payer now says they were deceived. \
                     Parcel WF-2026-0042.",
                )),
                ..Personal::default()
            },
        };
        let call = CallAction::Receive {
            channel: Channel::Phone,
            source: None,
            ringing_at: None,
            details,
            onward: Default::default(),
        };
        let call = self.does(COUNTY, Action::Call(call)).await?;
        self.pause(5).await;
        let open = IncidentAction::Open {
            from_call: Some(CallId(call.id)),
            category: None,
            priority: None,
            place: None,
        };
        let incident = IncidentId(self.does(COUNTY, Action::Incident(open)).await?.id);
        self.note(COUNTY, incident, "包裹单号 WF-2026-0042，内为金条，中午已揽收。 Parcel WF-2026-0042, gold, collected at noon.")
            .await?;
        self.pause(4).await;
        Ok(incident)
    }

    async fn note(&self, who: usize, incident: IncidentId, text: &str) -> Told<()> {
        let text = prose(text);
        let note = IncidentAction::AddNote { incident, text };
        self.does(who, Action::Incident(note)).await.map(drop)
    }

    async fn county_raises(&self, _: IncidentId) -> Told<OperationId> {
        let raise = OperationAction::Raise {
            name: line("截停涉诈包裹 Parcel interception"),
            purpose: line("找到并截停包裹 WF-2026-0042 Find and stop parcel WF-2026-0042"),
            legal_basis: line("演示：虚构法律依据 Demonstration: invented legal basis"),
            handling: Handling::NoOnwardSharing,
            history: History::All,
            exercise: true,
            succeeds: None,
            own_name: line(super::PLACES[COUNTY].name),
        };
        let operation = self.does(COUNTY, Action::Operation(raise)).await?;
        let operation = OperationId(operation.id);
        let set = OperationAction::SetObjective {
            operation,
            number: 0,
            text: line("在登机前截停包裹 Stop the parcel before it is flown out"),
        };
        self.does(COUNTY, Action::Operation(set)).await?;
        let roles = [
            (CITY, "研判物流去向 Works out where the parcel goes"),
            (PROVINCE, "协调全省 Coordinates the province"),
            (AIRPORT, "货站查控 Searches the cargo sheds"),
            (RECEIVING, "收件地布控 Stands by where it was to arrive"),
        ];
        for (who, role) in roles {
            let invite = OperationAction::Invite {
                operation,
                node: self.players[who].id(),
                role: line(role),
            };
            self.does(COUNTY, Action::Operation(invite)).await?;
        }
        Ok(operation)
    }

    async fn others_join(&self, operation: OperationId) -> Told<()> {
        for who in [CITY, PROVINCE, AIRPORT, RECEIVING] {
            let node = self.players[who].node.clone();
            self.until("an invitation", || {
                node.board().operation_anywhere(operation).is_ok()
            })
            .await?;
            self.pause(3).await;
            let join = ParticipationAction::Join { operation };
            self.does(who, Action::Participation(join)).await?;
        }
        let county = self.players[COUNTY].node.clone();
        let all: Vec<_> = self.players.iter().map(Player::id).collect();
        self.until("all five at the table", || {
            let board = county.board();
            all.iter().all(|node| board.is_member(operation, node))
        })
        .await
    }

    async fn share(
        &self,
        who: usize,
        operation: OperationId,
        record: impl Into<RecordRef>,
        tier: Tier,
    ) -> Told<()> {
        let share = ParticipationAction::Share {
            operation,
            record: record.into(),
            tier,
            with_response: true,
            until: None,
        };
        self.does(who, Action::Participation(share)).await.map(drop)
    }

    async fn county_shares(&self, operation: OperationId, incident: IncidentId) -> Told<()> {
        self.share(COUNTY, operation, incident, Tier::Assist)
            .await?;
        self.pause(3).await;
        let of = self.of(COUNTY, incident);
        for who in [CITY, PROVINCE, AIRPORT, RECEIVING] {
            let node = self.players[who].node.clone();
            self.until("the incident", || node.board().copy(of).is_some())
                .await?;
            let sign = ReplyAction::Sign { operation, to: of };
            self.does(who, Action::Reply(sign)).await?;
            self.pause(1).await;
        }
        self.says(CITY, operation, "物流平台：包裹已入航空货站，今晚 20:40 航班。 The carrier says: at the air cargo station, tonight's 20:40 flight.")
            .await?;
        self.pause(3).await;
        Ok(())
    }

    fn of(&self, who: usize, record: impl Into<RecordRef>) -> Elsewhere {
        Elsewhere {
            node: self.players[who].id(),
            record: record.into(),
        }
    }

    async fn airport_prepares(&self, operation: OperationId, incident: IncidentId) -> Told<()> {
        for unit in &self.players[AIRPORT].units {
            self.share(AIRPORT, operation, *unit, Tier::Assist).await?;
        }
        let of = self.of(COUNTY, incident);
        let category = Some(code("interception"));
        let open = IncidentAction::OpenFor { of, category };
        let own = self.does(AIRPORT, Action::Incident(open)).await?;
        self.share(AIRPORT, operation, own, Tier::Assist).await?;
        self.pause(4).await;
        Ok(())
    }

    async fn line_is_cut(&self, operation: OperationId) -> Told<()> {
        self.relays.iter().for_each(|relay| relay.cut(true));
        tracing::info!("the line between city and airport is cut");
        self.pause(4).await;
        // It goes round by the others, who are members, too.
        let said = self
            .says(CITY, operation, "单号 WF-2026-0042，棕色小箱，约 1.2 公斤。 WF-2026-0042, small brown box, about 1.2 kg.")
            .await?;
        let airport = self.players[AIRPORT].node.clone();
        let of = Elsewhere {
            node: self.players[CITY].id(),
            record: said,
        };
        self.until("the city's words at the airport, by another way", || {
            airport.board().copy(of).is_some()
        })
        .await?;
        let sign = ReplyAction::Sign { operation, to: of };
        self.does(AIRPORT, Action::Reply(sign)).await?;
        self.pause(4).await;
        Ok(())
    }

    async fn airport_is_asked(
        &self,
        operation: OperationId,
        incident: IncidentId,
    ) -> Told<AssignmentId> {
        let dog = self.players[AIRPORT].units[1];
        let county = self.players[COUNTY].node.clone();
        let of = self.of(AIRPORT, dog);
        self.until("the dog team on the county's screen", || {
            county.board().copy(of).is_some()
        })
        .await?;
        let ask = MessageAction::Ask {
            operation,
            of,
            ask: Ask::Send { to: incident },
            if_version: None,
            expires_at: county.now().plus_s(600),
            text: Some(prose(
                "请到二号货站查找该包裹。 Please search cargo shed 2 for it.",
            )),
            break_silence: None,
        };
        let message = MessageId(self.does(COUNTY, Action::Message(ask)).await?.id);
        let asked = self.of(COUNTY, message);
        let airport = self.players[AIRPORT].node.clone();
        self.until("the ask at the airport", || {
            airport.board().copy(asked).is_some()
        })
        .await?;
        self.pause(5).await;
        let answer = ReplyAction::Answer {
            node: self.players[COUNTY].id(),
            message,
            accept: true,
            reason: None,
            clash: false,
        };
        let sent = self.does(AIRPORT, Action::Reply(answer)).await?;
        Ok(AssignmentId(sent.id))
    }

    async fn parcel_is_found(&self, operation: OperationId, assignment: AssignmentId) -> Told<()> {
        for (after, step) in [(3, Step::Acknowledge), (4, Step::Depart), (6, Step::Arrive)] {
            self.pause(after).await;
            let step = AssignmentAction::Advance { assignment, step };
            self.does(AIRPORT, Action::Assignment(step)).await?;
        }
        self.pause(6).await;
        let airport = self.players[AIRPORT].node.clone();
        let own = airport
            .board()
            .assignment(assignment)
            .map(|one| one.incident);
        let own = own.map_err(|refusal| ScenarioError::Refused(refusal.what().en))?;
        self.note(
            AIRPORT,
            own,
            "二号货站找到该包裹，单号一致，已扣留。 Found in shed 2; the number matches; held.",
        )
        .await?;
        self.says(AIRPORT, operation, "包裹已截停。 The parcel is stopped.")
            .await?;
        self.pause(4).await;
        Ok(())
    }

    async fn line_is_mended(&self, _: OperationId) -> Told<()> {
        self.relays.iter().for_each(|relay| relay.cut(false));
        tracing::info!("the line between city and airport is mended");
        let (city, airport) = (&self.players[CITY], &self.players[AIRPORT]);
        let up = |one: &Player, other: &Player| {
            let link = one.node.federation().links().get(&other.id());
            link.up.is_some_and(|(up, _)| up)
        };
        self.until("the line to come back", || {
            up(city, airport) && up(airport, city)
        })
        .await?;
        self.pause(5).await;
        Ok(())
    }

    async fn case_is_closed(&self, operation: OperationId, incident: IncidentId) -> Told<()> {
        let reached = OperationAction::ReachObjective {
            operation,
            number: 0,
        };
        self.does(COUNTY, Action::Operation(reached)).await?;
        self.note(
            COUNTY,
            incident,
            "机场公安已截停包裹。 Airport police have stopped the parcel.",
        )
        .await?;
        self.pause(3).await;
        let close = IncidentAction::Close {
            incident,
            disposition: line("包裹截停 Parcel stopped"),
        };
        self.does(COUNTY, Action::Incident(close)).await.map(drop)
    }
}

fn prose(text: &str) -> Prose {
    text.parse().expect("the scenario's own words are prose")
}

fn line<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the scenario's own words fit a line")
}

fn code<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the scenario's own codes are codes")
}
