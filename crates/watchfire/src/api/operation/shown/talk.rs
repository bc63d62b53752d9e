//! What the members of an operation said to each other, asked of each other and answered, and the log of it.

use watchfire_core::basis::{Text, Timestamp, UnitId};
use watchfire_core::board::Board;
use watchfire_core::record::message::{Ask, Message, What};
use watchfire_core::record::reply::Reply;
use watchfire_core::record::{Elsewhere, RecordRef};
use watchfire_feed::NodeId;

use super::{AskStatus, AskView, LogLineView, Scene, callsign};
use crate::api::view;

impl Scene<'_> {
    fn messages(&self) -> Vec<(NodeId, &Message)> {
        let mut all = Vec::new();
        for (node, board) in self.boards() {
            let own = board
                .messages
                .values()
                .filter(|one| one.operation == self.found.id);
            all.extend(own.map(|one| (node, one.as_ref())));
        }
        all
    }

    pub(super) fn asks(&self) -> Vec<AskView> {
        let messages = self.messages().into_iter();
        let mut asks: Vec<(Timestamp, AskView)> = messages
            .filter_map(|(node, message)| Some((message.sent_at, self.ask(node, message)?)))
            .collect();
        asks.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        asks.into_iter().map(|(_, ask)| ask).collect()
    }

    fn ask(&self, node: NodeId, message: &Message) -> Option<AskView> {
        let What::Ask {
            of,
            ask,
            expires_at,
            within_loan,
            ..
        } = &message.what
        else {
            return None;
        };
        let record = RecordRef::from(message.id);
        let to = Elsewhere { node, record };
        let reply = self.reply_of(&of.node, &to);
        let answer = reply.and_then(|reply| reply.answer.as_ref());
        let status = match answer {
            Some(answer) if answer.accepted => AskStatus::Accepted,
            Some(answer) if answer.clash => AskStatus::Clash,
            Some(_) => AskStatus::Refused,
            None if message.withdrawn.is_some() => AskStatus::Withdrawn,
            None if self.now >= *expires_at => AskStatus::Expired,
            None => AskStatus::Waiting,
        };
        let bound = within_loan.is_some_and(|until| message.sent_at < until);
        let home = match of.node == self.own {
            true => Some(self.board),
            false => self.board.copies.boards.get(&of.node),
        };
        let own = node == self.own;
        Some(AskView {
            message: message.id.to_string(),
            node: node.to_string(),
            name: self.board.name_of_in(&node, self.found),
            own,
            for_us: of.node == self.own,
            of_node: of.node.to_string(),
            of_name: self.board.name_of_in(&of.node, self.found),
            what: self.asked(ask, of, home, node).into(),
            record: of.record.to_string(),
            incident: match ask {
                Ask::Send { to } => Some(to.to_string()),
                Ask::Release | Ask::Attend => None,
            },
            text: self.text(message),
            sent_at: view::time(message.sent_at),
            expires_at: view::time(*expires_at),
            within_loan: bound,
            provisional: status == AskStatus::Waiting && !bound,
            status,
            reason: answer
                .and_then(|answer| answer.reason.as_ref())
                .map(ToString::to_string),
            answered_at: answer.map(|answer| view::time(answer.at)),
            delivery: if own {
                self.delivery(record, Some(of.node))
            } else {
                Vec::new()
            },
        })
    }

    fn reply_of(&self, node: &NodeId, to: &Elsewhere) -> Option<&Reply> {
        let id = Reply::id_of(node, to);
        let board = match *node == self.own {
            true => self.board,
            false => self.board.copies.boards.get(node)?,
        };
        board.replies.get(&id).map(std::sync::Arc::as_ref)
    }

    fn asked(&self, ask: &Ask, of: &Elsewhere, home: Option<&Board>, asker: NodeId) -> Text {
        let unit = home.map_or(String::new(), |board| callsign(board, UnitId(of.record.id)));
        match ask {
            Ask::Send { to } => {
                let theirs = match asker == self.own {
                    true => Some(self.board),
                    false => self.board.copies.boards.get(&asker),
                };
                let number = theirs.and_then(|board| Some(board.incidents.get(to)?.number));
                let number = number.map_or("?".to_owned(), |number| number.to_string());
                Text::new(
                    format!("send {unit} to incident {number}"),
                    format!("派{unit}赴警情 {number}"),
                )
            }
            Ask::Release => Text::new(format!("let {unit} go"), format!("释放{unit}")),
            Ask::Attend => Text::new("attend to the incident", "处置该警情"),
        }
    }

    fn text(&self, message: &Message) -> Option<String> {
        let text = message.text.as_ref().filter(|_| self.personal)?;
        Some(text.as_str().to_owned())
    }

    pub(super) fn log(&self) -> Vec<LogLineView> {
        let mut lines: Vec<(Timestamp, LogLineView)> = Vec::new();
        for (node, message) in self.messages() {
            if let What::Log { .. } = message.what {
                lines.push((message.sent_at, self.said(node, message)));
            }
        }
        let found = self.found;
        let mut fact = |at: Timestamp, node: &NodeId, en: &str, zh: &str| {
            lines.push((at, self.fact(at, node, Text::new(en, zh))));
        };
        fact(
            found.raised_at,
            &found.genesis.founder,
            "raised the operation",
            "发起行动",
        );
        for (node, membership) in &found.members {
            if *node != found.genesis.founder {
                let role = &membership.role;
                let (en, zh) = (format!("was called in: {role}"), format!("受邀：{role}"));
                fact(membership.invited_at, node, &en, &zh);
            }
            if let Some(removal) = &membership.removed {
                let reason = &removal.reason;
                let (en, zh) = (
                    format!("was removed: {reason}"),
                    format!("被移出：{reason}"),
                );
                fact(removal.at, node, &en, &zh);
            }
            let part = self.board.participation_of(found.id, *node);
            if let Some(at) = part.and_then(|part| part.joined_at)
                && *node != found.genesis.founder
            {
                fact(at, node, "joined", "加入");
            }
            if let Some((at, reason)) = part.and_then(|part| part.declined.as_ref()) {
                fact(
                    *at,
                    node,
                    &format!("declined: {reason}"),
                    &format!("谢绝：{reason}"),
                );
            }
            if let Some((at, reason)) = part.and_then(|part| part.left.as_ref()) {
                fact(
                    *at,
                    node,
                    &format!("left: {reason}"),
                    &format!("退出：{reason}"),
                );
            }
        }
        for objective in &found.objectives {
            if let Some(at) = objective.reached_at {
                let text = &objective.text;
                fact(
                    at,
                    &found.lead,
                    &format!("reached: {text}"),
                    &format!("达成：{text}"),
                );
            }
        }
        lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn said(&self, node: NodeId, message: &Message) -> LogLineView {
        let record = RecordRef::from(message.id);
        let own = node == self.own;
        let withdrawn = message.withdrawn.as_ref();
        LogLineView {
            at: view::time(message.sent_at),
            node: node.to_string(),
            name: self.board.name_of_in(&node, self.found),
            what: withdrawn
                .map(|(_, reason)| {
                    Text::new(format!("taken back: {reason}"), format!("已撤回：{reason}"))
                })
                .or_else(|| {
                    let reason = message.broke_silence.as_ref()?;
                    let (en, zh) = ("broke silence", "打破静默");
                    Some(Text::new(
                        format!("{en}: {reason}"),
                        format!("{zh}：{reason}"),
                    ))
                })
                .map(Into::into),
            text: self.text(message),
            message: Some(message.id.to_string()),
            delivery: if own {
                self.delivery(record, None)
            } else {
                Vec::new()
            },
            reply: (!own).then(|| self.reply(&Elsewhere { node, record }, message.version)),
        }
    }

    fn fact(&self, at: Timestamp, node: &NodeId, what: Text) -> LogLineView {
        LogLineView {
            at: view::time(at),
            node: node.to_string(),
            name: self.board.name_of_in(node, self.found),
            what: Some(what.into()),
            text: None,
            message: None,
            delivery: Vec::new(),
            reply: None,
        }
    }
}
