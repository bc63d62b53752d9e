//! Every limit of the domain, in one place. Each is tested at the limit and one past it.

/// Longest single line of text a person may enter (names, addresses, reasons), in characters.
pub const LINE_CHARS_MAX: usize = 200;
/// Longest free text a person may enter (a note, what a caller said), in characters.
pub const PROSE_CHARS_MAX: usize = 4_000;
/// Longest code of a category, kind or capability, in characters.
pub const CODE_CHARS_MAX: usize = 48;
/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// Outcomes kept for repeated idempotency keys; the oldest go first.
pub const OUTCOMES_KEPT_MAX: usize = 100_000;
/// Open incidents on one node.
pub const OPEN_INCIDENTS_MAX: usize = 20_000;
/// Units on one node.
pub const UNITS_MAX: usize = 20_000;
/// Stations on one node.
pub const STATIONS_MAX: usize = 5_000;
/// People who may sign in on one node.
pub const PEOPLE_MAX: usize = 20_000;
/// Assignments one incident may ever have.
pub const ASSIGNMENTS_PER_INCIDENT_MAX: usize = 500;
/// Units sent by one action.
pub const UNITS_PER_SEND_MAX: usize = 50;
/// Notes one incident may carry; further text goes to a linked incident.
pub const NOTES_PER_INCIDENT_MAX: usize = 1_000;
/// Links one incident may carry.
pub const LINKS_PER_INCIDENT_MAX: usize = 100;
/// Calls moved by one split.
pub const CALLS_PER_SPLIT_MAX: usize = 200;
/// Capabilities, areas or roles that one record may list.
pub const LIST_ITEMS_MAX: usize = 64;
/// Reasons kept with one unit that is sent or proposed.
pub const REASONS_PER_CHOICE_MAX: usize = 8;
/// Longest label of a category, kind or capability in the response file, in characters.
pub const LABEL_CHARS_MAX: usize = 60;
/// Kinds of unit that one need may name.
pub const KINDS_PER_NEED_MAX: usize = 8;
/// Longest name of a need (its kinds' labels, joined), in characters.
pub const NEED_LABEL_CHARS_MAX: usize = KINDS_PER_NEED_MAX * (LABEL_CHARS_MAX + 3);
/// Directives of one node that are not closed.
pub const DIRECTIVES_OPEN_MAX: usize = 20_000;
/// Files of one directive.
pub const ATTACHMENTS_MAX: usize = 10;
/// Largest file of a directive, in bytes.
pub const ATTACHMENT_BYTES_MAX: usize = 1_000_000;
/// Bytes of a file that one entry says; in base64 they leave room for what else an entry has.
pub const ATTACHMENT_PART_BYTES: usize = 42_000;
/// Addressees of one directive.
pub const ADDRESSEES_MAX: usize = 200;
/// Reports that one addressee may give on one directive.
pub const REPORTS_PER_ITEM_MAX: usize = 20;
/// Records that a directive, an assessment or a consultation may name.
pub const RELATED_MAX: usize = 20;
/// How far ahead a directive may be due to be closed, in seconds (90 days).
pub const DIRECTIVE_AHEAD_S_MAX: u32 = 90 * 24 * 3_600;
/// Rungs of one chain of escalation.
pub const CHAIN_RUNGS_MAX: usize = 8;
/// Templates of directives in one response file.
pub const DIRECTIVE_TEMPLATES_MAX: usize = 200;
/// Longest day that a book may be of, in milliseconds: one on which the clock is set back, and a little.
pub const BOOK_MAX_MS: i64 = 26 * 3_600 * 1_000;
/// Longest time between two signed days of a book, in milliseconds: the node's zone may have been set anew between them.
pub const BOOK_GAP_MAX_MS: i64 = 20 * 3_600 * 1_000;
/// Lines that one action may carry over.
pub const CARRIED_AT_ONCE_MAX: usize = 200;
/// Lines that one book may carry over.
pub const CARRIED_MAX: usize = 20_000;
/// Corrections of one day that was signed; as many as a record remembers.
pub const CORRECTIONS_MAX: usize = TURNS_KEPT_MAX;
/// How long a settlement stays in memory after its last change, in milliseconds (40 days): the next day is held against it.
pub const SETTLEMENT_KEPT_MS: i64 = 40 * 24 * 3_600 * 1_000;
/// Highest alarm level.
pub const ALARM_LEVEL_MAX: u8 = 9;
/// How far back a claimed time may lie before it needs an import, in milliseconds (31 days).
pub const CLAIM_AGE_MAX_MS: i64 = 31 * 24 * 3_600 * 1_000;
/// How far ahead of the node's clock a claimed time may lie, in milliseconds (5 minutes).
pub const CLAIM_AHEAD_MAX_MS: i64 = 5 * 60 * 1_000;
/// Inputs taken into one transaction.
pub const BATCH_INPUTS_MAX: usize = 64;
/// Plans in one response file.
pub const PLANS_MAX: usize = 2_000;
/// Slots (units wanted) that one plan may add up to.
pub const PLAN_SLOTS_MAX: usize = 200;
/// Areas or categories that figures list, those with most first to stay; the rest is counted.
pub const FIGURE_ROWS_MAX: usize = 500;
/// Longest period that figures are made of, in days: a year and what a month may lack.
pub const FIGURE_DAYS_MAX: i64 = 400;
/// Longest phrase that speaks for a category, in characters.
pub const PHRASE_CHARS_MAX: usize = 60;
/// Phrases that may speak for one category.
pub const PHRASES_PER_CATEGORY_MAX: usize = 500;
/// Phrases in one response file.
pub const PHRASES_MAX: usize = 10_000;
/// Questions in one response file.
pub const QUESTIONS_MAX: usize = 500;
/// Answers that one question may take.
pub const CHOICES_PER_QUESTION_MAX: usize = 12;
/// Longest question and longest answer to one, in characters.
pub const QUESTION_CHARS_MAX: usize = 200;
/// Longest text to be read out to a caller, in characters.
pub const READ_OUT_CHARS_MAX: usize = 1_000;
/// Points that one answer may add or take away, and that a threshold may have.
pub const POINTS_MAX: i32 = 1_000;
/// Categories that triage names at most, best first.
pub const GUESSES_MAX: usize = 5;
/// Answers that one call may keep.
pub const ANSWERS_PER_CALL_MAX: usize = 50;
/// How long a call may have rung before it was answered, in milliseconds (24 hours).
pub const RINGING_MAX_MS: i64 = 24 * 3_600 * 1_000;
/// Longest action line, in characters: a note at its limit with what stands before it.
pub const ACTION_LINE_CHARS_MAX: usize = 4_300;
/// Longest rest that a line can give, in minutes (a day).
pub const REST_MINUTES_MAX: u32 = 24 * 60;
/// Turns of its life, sendings and acknowledged alarms that a record remembers of each kind; the oldest are forgotten first.
pub const TURNS_KEPT_MAX: usize = 100;
/// Seconds within which somebody may take back what they did.
pub const UNDO_S: u32 = 10;
/// Places (units still wanted) that are filled together at most; incidents beyond are left for the next look.
pub const TOGETHER_PLACES_MAX: usize = 60;
/// Cells that demand is kept for.
pub const DEMAND_CELLS_MAX: usize = 4_000;
/// Smallest side of a cell of demand, in metres: below it, a cell would be somebody's house.
pub const DEMAND_CELL_MIN_M: u32 = 200;
/// Largest side of a cell of demand, in metres.
pub const DEMAND_CELL_MAX_M: u32 = 20_000;
/// Demand that all cells may add up to, in millionths of a call per hour (4,294 calls per hour).
pub const DEMAND_WEIGHT_MAX: u64 = u32::MAX as u64;
/// Spots at which units may be counted: cells, stations and posts together.
pub const COVER_SPOTS_MAX: usize = 10_000;
/// Targets that cover may be counted by at once.
pub const COVER_TARGETS_MAX: usize = 8;
/// Road conditions that are in force or to come, on one node.
pub const ROAD_CONDITIONS_MAX: usize = 500;
/// Points that the shape of one road condition may have.
pub const POINTS_PER_SHAPE_MAX: usize = 200;
/// Widest line of a road condition, in metres, both sides together.
pub const ROAD_LINE_WIDTH_M_MAX: u32 = 200;
/// Largest radius of a road condition, in metres.
pub const ROAD_CIRCLE_RADIUS_M_MAX: u32 = 50_000;
/// Highest speed on a road that counts as slowed, in percent of the usual one.
pub const SLOWED_PERCENT_MAX: u8 = 99;
/// How far ahead of the node's clock a road condition may begin or end, in milliseconds (366 days).
pub const ROAD_CONDITION_AHEAD_MAX_MS: i64 = 366 * 24 * 3_600 * 1_000;
/// Tasks of one routing problem.
pub const ROUTING_TASKS_MAX: usize = 2_000;
/// Vehicles of one routing problem.
pub const ROUTING_VEHICLES_MAX: usize = 500;
/// Places of one routing problem: both ends of each task, and of each vehicle.
pub const ROUTING_PLACES_MAX: usize = 2 * (ROUTING_TASKS_MAX + ROUTING_VEHICLES_MAX);
/// Patrol plans on one node that have not ended.
pub const PATROLS_OPEN_MAX: usize = 200;
/// Longest shift of a patrol plan, in hours.
pub const PATROL_HOURS_MAX: usize = 24;
/// Points of one patrol plan.
pub const PATROL_POINTS_MAX: usize = 100;
/// Units of one patrol plan.
pub const PATROL_UNITS_MAX: usize = 30;
/// Visits that one patrol plan may promise: its accepted rounds fit into one entry.
pub const PATROL_VISITS_MAX: usize = 400;
/// Time windows of one patrol point.
pub const PATROL_WINDOWS_MAX: usize = 4;
/// Longest name of a patrol point, in characters: all points of a plan fit into one entry.
pub const PATROL_LABEL_CHARS_MAX: usize = 60;
/// Longest visit to a patrol point, in minutes.
pub const PATROL_STAY_MINUTES_MAX: usize = 240;
/// Support capabilities in one node's catalogue, those that were retired among them.
pub const SUPPORT_CAPABILITIES_MAX: usize = 500;
/// Spans of hours of one support capability.
pub const SUPPORT_HOURS_MAX: usize = 14;
/// How many there may be of one support capability, and how many may be asked for at once.
pub const SUPPORT_QUANTITY_MAX: u32 = 10_000;
/// Support requests on one node that have not ended.
pub const SUPPORT_REQUESTS_OPEN_MAX: usize = 500;
/// How far ahead of the node's clock support may be asked for or offered, in seconds (thirty days).
pub const SUPPORT_AHEAD_S_MAX: u32 = 30 * 24 * 3_600;
/// Commitments of one support request: each is to another offer.
pub const SUPPORT_COMMITMENTS_MAX: usize = 100;
/// Answers that one node may give to one support request.
pub const SUPPORT_OFFERS_PER_REQUEST_MAX: usize = 20;
/// Longest lease of what is offered, in seconds (seven days).
pub const SUPPORT_LEASE_S_MAX: u32 = 7 * 24 * 3_600;
/// How long an offer may wait at most for being accepted, in seconds (a day): it binds its home meanwhile.
pub const SUPPORT_ANSWER_S_MAX: u32 = 24 * 3_600;
/// Assessments on one node that are being written or wait to be issued.
pub const ASSESSMENTS_IN_WORK_MAX: usize = 500;
/// Sources of one assessment: told in an operation, it fits one entry.
pub const SOURCES_PER_ASSESSMENT_MAX: usize = 16;
/// People who write one assessment.
pub const AUTHORS_PER_ASSESSMENT_MAX: usize = 16;
/// People of its agency who say that they have read one assessment.
pub const READINGS_PER_ASSESSMENT_MAX: usize = 100;
/// How long an assessment may hold, in seconds (366 days).
pub const ASSESSMENT_HOLDS_S_MAX: u32 = 366 * 24 * 3_600;
/// Consultations on one node that are called or go on.
pub const CONSULTATIONS_OPEN_MAX: usize = 200;
/// Papers of one consultation.
pub const PAPERS_PER_CONSULTATION_MAX: usize = 20;
/// Cards and notes of one consultation.
pub const CONTRIBUTIONS_PER_CONSULTATION_MAX: usize = 60;
/// Longest text of a card, in characters.
pub const CARD_CHARS_MAX: usize = 120;
/// Bytes that the cards and notes of one consultation may take together: told in an operation, it fits one entry.
pub const CONSULTATION_TEXT_BYTES_MAX: usize = 20_000;
/// Decisions of one consultation.
pub const DECISIONS_PER_CONSULTATION_MAX: usize = 20;
/// Longest text of a decision, and longest reason for which one is declined, in characters.
pub const DECISION_CHARS_MAX: usize = 120;
/// Playbooks of one node.
pub const PLAYBOOKS_MAX: usize = 200;
/// Longest file of one playbook, in bytes: a run keeps its steps as they were written, in one entry.
pub const PLAYBOOK_BYTES_MAX: usize = 16_000;
/// Steps of one playbook.
pub const PLAYBOOK_STEPS_MAX: usize = 20;
/// Agencies, addressees, seats or categories that a playbook names in one place.
pub const PLAYBOOK_LIST_MAX: usize = 50;
/// Longest condition and longest time until a playbook fires again, in seconds (thirty days).
pub const PLAYBOOK_S_MAX: u32 = 30 * 24 * 3_600;
/// Largest radius that a playbook looks at, in metres.
pub const PLAYBOOK_RADIUS_M_MAX: u32 = 20_000;
/// Calls near each other that a playbook may wait for.
pub const PLAYBOOK_CALLS_MAX: u32 = 100;
/// Runs of playbooks on one node that are not over.
pub const PLAYBOOK_RUNS_OPEN_MAX: usize = 2_000;
/// Questions about past incidents that one node keeps.
pub const SAVED_VIEWS_MAX: usize = 100;
/// Groups (areas, categories and both together) in which calls of the public are counted; what is beyond is counted in the
/// larger groups only.
pub const WATCH_GROUPS_MAX: usize = 20_000;
/// Alerts on counts of calls that are told at once, rarest first.
pub const CALL_ALERTS_MAX: usize = 50;
/// Duty posts of one node.
pub const DUTY_POSTS_MAX: usize = 200;
/// Days of a cycle of shifts.
pub const DUTY_CYCLE_DAYS_MAX: usize = 56;
/// Turns of one pattern of shifts.
pub const DUTY_TURNS_MAX: usize = 200;
/// Teams of one pattern of shifts.
pub const DUTY_TEAMS_MAX: usize = 12;
/// People of one team, and of one duty shift.
pub const DUTY_PEOPLE_MAX: usize = 60;
/// Leaves that are noted at one duty post at a time.
pub const DUTY_LEAVES_MAX: usize = 200;
/// Longest leave, in days.
pub const DUTY_LEAVE_DAYS_MAX: usize = 366;
/// Longest duty shift, in minutes (two days).
pub const SHIFT_MINUTES_MAX: usize = 48 * 60;
/// Duty shifts that are planned in one action: six weeks of four a day.
pub const SHIFTS_PER_PLAN_MAX: usize = 168;
/// Duty shifts on one node that are not over.
pub const SHIFTS_OPEN_MAX: usize = 10_000;
/// How far ahead a duty shift may be planned, in milliseconds (366 days).
pub const SHIFT_AHEAD_MAX_MS: i64 = 366 * 24 * 3_600 * 1_000;
/// Lines in the log of one duty shift that people write.
pub const SHIFT_NOTES_MAX: usize = 500;
/// Lines in the log of one duty shift in all; coming on and going off are always taken.
pub const SHIFT_LOG_MAX: usize = 1_500;
/// How early somebody may come on before their duty shift begins, in seconds (two hours).
pub const COME_ON_EARLY_S: u32 = 2 * 3_600;
/// How long an ended duty shift stays at hand for the rest that is due after it, in milliseconds (eight days).
pub const SHIFT_KEPT_MS: i64 = 8 * 24 * 3_600 * 1_000;
/// Items that a handover lists when it is opened: they fit into one entry. More are listed as they are answered.
pub const HANDOVER_LISTED_MAX: usize = 150;
/// Items of one handover.
pub const HANDOVER_ITEMS_MAX: usize = 30_000;
/// Questions and explanations about one item of a handover.
pub const HANDOVER_TALK_MAX: usize = 20;
/// Peers of one node.
pub const PEERS_MAX: usize = 500;
/// Addresses that one peer may be reached at.
pub const ADDRESSES_PER_PEER_MAX: usize = 8;
/// Operations that one node leads at a time.
pub const OPERATIONS_OPEN_MAX: usize = 200;
/// Nodes that one operation may call in, the lead among them.
pub const MEMBERS_PER_OPERATION_MAX: usize = 100;
/// Objectives of one operation.
pub const OBJECTIVES_PER_OPERATION_MAX: usize = 50;
/// Branches of one planned action.
pub const BRANCHES_PER_ACTION_MAX: usize = 12;
/// Teams of one planned action.
pub const TEAMS_PER_ACTION_MAX: usize = 40;
/// People of one team.
pub const TEAM_STRENGTH_MAX: u16 = 1_000;
/// Units of its agency that may make up one team.
pub const UNITS_PER_TEAM_MAX: usize = 10;
/// Phases of one planned action.
pub const PHASES_PER_ACTION_MAX: usize = 12;
/// Conditions on which one planned action is no go.
pub const NO_GO_PER_ACTION_MAX: usize = 12;
/// Longest text of a plan (but for its intent), of a decision's reason and of what a team says, in characters.
pub const ACTION_TEXT_CHARS_MAX: usize = 120;
/// Bytes that one plan may take: told in an operation with all that was decided, it fits one entry.
pub const PLAN_BYTES_MAX: usize = 24_000;
/// Decisions of one planned action; ending it and calling it off are beside.
pub const DECISIONS_PER_ACTION_MAX: usize = 50;
/// What was said of an agency's teams in one planned action that is kept, the last of each team beside: it fits one entry.
pub const TEAM_WORDS_KEPT_MAX: usize = 40;
/// How far ahead of the node's clock a phase may be planned, in seconds (90 days).
pub const ACTION_AHEAD_S_MAX: u32 = 90 * 24 * 3_600;
/// Records that one node may share in one operation by name; a shared incident's response is beside.
pub const SHARES_PER_OPERATION_MAX: usize = 200;
/// Loans of units that one node may make in one operation.
pub const LOANS_PER_OPERATION_MAX: usize = 200;
/// Longest loan of a unit, in seconds (three days).
pub const LOAN_S_MAX: u32 = 3 * 24 * 3_600;
/// How long an ask of another home may wait at most, in seconds (a day).
pub const ASK_OPEN_S_MAX: u32 = 24 * 3_600;
/// Bytes that the notes of an incident may take when it is first told in an operation: it fits one entry.
pub const TOLD_NOTES_BYTES_MAX: usize = 20_000;
/// Highest version of another node's record that is folded: the highest whole number that every store can hold. Who
/// counts from 1 does not come near it.
pub const RECORD_VERSION_MAX: u64 = i64::MAX as u64;
/// Versions of one record that a home can make in one epoch. What a lost or forked history had made of it counts on from
/// where that epoch began, so that a version never stands for two things: see [`version_floor`].
pub const VERSIONS_PER_EPOCH: u64 = 1_000_000_000;
/// Entries taken from a peer into one transaction.
pub const TAKEN_ENTRIES_MAX: usize = 256;
/// Waiting things that are named for one step and whoever must act; more are counted, and are to be had page by page.
pub const WAITS_NAMED_MAX: usize = 20;
/// How far ahead too few at a duty post count as waiting for somebody to be planned, in seconds (a day).
pub const GAPS_AHEAD_S: u32 = 24 * 3_600;
/// Places of which it is worked out how soon a free unit is there.
pub const COVERAGE_CELLS_MAX: usize = 10_000;
/// How old an entry may be when it comes and still be news, in milliseconds (10 minutes): older ones raise no siren.
pub const OLD_NEWS_MS: i64 = 10 * 60 * 1_000;

/// Returns the version at which records stand when an epoch begins: what is written in it is above, and everything that
/// any history of an epoch before may have written is below.
pub fn version_floor(epoch: u32) -> u64 {
    u64::from(epoch.saturating_sub(1)) * VERSIONS_PER_EPOCH
}
