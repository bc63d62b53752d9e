// The shapes of what the node says over HTTP, by the names this page uses. They are those of the node's
// own description (`schema.d.ts`, generated); only what the stream adds is written here. No rule of the
// domain lives here, and nothing outside `api/` builds one. Start at `Board`.

import type { components } from './schema';

type Shown = components['schemas'];

/** A text in both languages of the product. */
export type Bilingual = Shown['TextView'];

/** A reason, shortfall or the like: a stable code and its text. */
export type Coded = Shown['ReasonView'];

/** Urgency; 1 is the most urgent, 4 the least. */
export type Priority = Shown['PriorityView'];

export type Place = Shown['PlaceView'];
export type Point = Pick<Place, 'lat' | 'lon'>;

export type Incident = Shown['IncidentView'];
export type IncidentStatus = Shown['IncidentStatusView'];
/** How the other incident stands to this one. */
export type Relation = Shown['RelationView'];

export type Call = Shown['CallView'];
export type CallStatus = Shown['CallStatusView'];

export type Unit = Shown['UnitView'];
export type UnitStatus = Shown['UnitStatusView'];
export type Position = Shown['PositionView'];

export type Assignment = Shown['AssignmentView'];
export type AssignmentStatus = Shown['AssignmentStatusView'];
/** How a travel time was found: along the road network, or by a straight line and a factor. */
export type Basis = Shown['BasisView'];
export type Alarm = Shown['AlarmView'];
export type AlarmCode = Shown['AlarmCodeView'];

export type Station = Shown['StationView'];

export type RoadCondition = Shown['RoadConditionView'];
export type RoadEffect = Shown['RoadEffectView'];
export type RoadShape = Shown['RoadShapeView'];
/** Which roads the conditions in force meet. */
export type RoadsMetAnswer = Shown['RoadsMetView'];
/** Places that want visits, who goes there, and what became of it. */
export type Patrol = Shown['PatrolView'];
export type Support = Shown['SupportView'];
export type SupportRequest = Shown['SupportRequestView'];
export type SupportOffer = Shown['SupportOfferView'];
export type SupportCapability = Shown['CapabilityView'];
export type SupportWait = Shown['SupportWaitView'];
export type SupportFigures = Shown['SupportFiguresView'];
export type PatrolPoint = Shown['PointView'];
export type PatrolCoverage = Shown['CoverageView'];
export type PatrolRound = Shown['RoundView'];
export type PatrolLeg = Shown['LegView'];
/** Rounds as the node would lay them out; a person accepts them. */
export type PatrolProposal = Shown['ProposalView'];
export type PatrolLine = Shown['RoundLineView'];
export type PatrolLines = Shown['RoundLinesView'];
/** What must be staffed, and how. */
export type DutyPost = Shown['DutyPostView'];
/** Who holds a duty post from when until when. */
export type Shift = Shown['ShiftView'];
export type ShiftLog = Shown['ShiftLogView'];
/** What was open when a duty post changed hands. */
export type Handover = Shown['HandoverView'];
export type HandoverSheet = Shown['HandoverSheetView'];
export type HandoverItem = Shown['ItemView'];
/** Who is on duty now, and where too few will be. */
export type DutyNow = Shown['DutyView'];
export type PostNow = Shown['PostNowView'];
export type RosterProposal = Shown['RosterProposalView'];
export type Named = Shown['NamedView'];
/** The rounds of one's own unit. */
export type OwnRounds = Shown['OwnRoundsView'];

/** That there is an assessment or a consultation; what it says is asked for by who may read it. */
export type AssessmentMark = Shown['AssessmentMark'];
export type ConsultationMark = Shown['ConsultationMark'];
export type Assessment = Shown['AssessmentView'];
export type Consultation = Shown['ConsultationView'];
/** Past incidents that fit a question, and one of them. */
export type Patterns = Shown['PatternsView'];
export type FoundIncident = Shown['PatternFoundView'];
export type LikeAnswer = Shown['LikeView'];
export type SavedViews = Shown['SavedViewsView'];
/** Where more of the public call than usual. */
export type CallAlerts = Shown['CallAlertsView'];
/** An instruction that must be signed for, acted on, reported back, verified and closed. */
export type Directive = Shown['DirectiveView'];
export type DirectiveItem = Shown['DirectiveItemView'];
export type DirectiveKinds = Shown['DirectiveKindsView'];
export type DirectiveBins = Shown['DirectiveBinsView'];
export type AddresseeBody = Shown['AddresseeBody'];

/** What is proposed or done when an incident of a kind opens or a condition holds, and what became of it. */
export type Playbooks = Shown['PlaybooksView'];
export type Playbook = Shown['PlaybookView'];
export type PlaybookRunMark = Shown['PlaybookRunMark'];
export type PlaybookRun = Shown['PlaybookRunView'];
export type PlaybookRunStep = Shown['PlaybookRunStepView'];
/** When a playbook would have fired. */
export type WouldHaveFired = Shown['WouldHaveFiredView'];

/** The book of a day, and one line of it. */
export type DayBook = Shown['BookView'];
export type BookLine = Shown['BookLineView'];

/** A joint activity of several agencies, whole: members, what is shared, asked and said. */
export type Operation = Shown['OperationView'];
export type OperationStatus = Shown['OperationStatus'];
export type Handling = Shown['HandlingView'];
export type Member = Shown['MemberView'];
/** An incident of any home, as it is shared in an operation. */
export type SharedIncident = Shown['SharedIncidentView'];
export type SharedUnit = Shown['SharedUnitView'];
/** How fresh something of another home is here. */
export type Fresh = Shown['FreshView'];
/** How far something of ours has come to one member. */
export type Delivery = Shown['DeliveryView'];
/** What one home asked of another, and the answer. */
export type Ask = Shown['AskView'];
export type AskStatus = Shown['AskStatus'];
export type LogLine = Shown['LogLineView'];

/** A planned action of several agencies. */
export type PlannedAction = Shown['PlannedActionView'];
export type ActionTeam = Shown['TeamView'];
/** A team as its own crew is shown it. */
export type OwnTeam = Shown['OwnTeamView'];

/** This node among others. */
export type Peers = Shown['PeersView'];
export type Peer = Shown['PeerView'];
/** How the line to another node is. */
export type PeerLine = Peer['line'];
export type PeerLineState = Shown['LineState'];
export type Enrolment = Shown['EnrolmentView'];
export type Invitation = Shown['InvitationView'];

/** One record as the stream brings it: the whole of it, to replace what was known. */
export type RecordMessage = Shown['RecordView'];

export type Board = Shown['BoardView'];

/** One fix: unit id, latitude, longitude, heading in degrees or null, time in ms. */
export type PositionFix = [unit: string, lat: number, lon: number, heading_deg: number | null, at_ms: number, area?: string | null];

export interface PositionsMessage { at: number; positions: PositionFix[] }

/** The node's clock; `speed` is null when it runs as fast as it can. With it comes the number of the set of road conditions
    in force, which is null without a road network. */
export interface ClockMessage { now: string; speed: number | null; behind_s?: number | null; conditions_version?: number | null }

export type Session = Shown['SessionView'];
export type Person = Session['person'];

export type NodeInfo = Shown['NodeView'];
export type RoadsInfo = NodeInfo['roads'];
export type Catalogue = NodeInfo['catalogue'];

export type Recommendation = Shown['RecommendationView'];
export type Need = Shown['NeedView'];
/** Why people chose otherwise than was recommended. */
export type Rule = Shown['RuleView'];
/** A unit that could be taken off something less grave. */
export type Diversion = Shown['DiversionView'];
/** What to send to all that wait. */
export type Together = Shown['TogetherView'];
export type Candidate = Shown['CandidateView'];

/** How much of what is expected could be reached in time, and which moves would help. */
export type Cover = Shown['CoverView'];
export type CoverMove = Shown['MoveView'];
export type AreaCoverage = Shown['AreaCoverageView'];
export type CoverageSquares = Shown['SquaresView'];
export type Monitored = Shown['MonitoringView'];
export type MonitoredWaits = Shown['WaitsView'];
export type MonitoredPeriods = Shown['MonitoredPeriodsView'];
export type MonitoredPeriod = Shown['PeriodView'];
export type PeriodState = Shown['PeriodStateView'];
export type MonitoringReport = Shown['MonitoringReportView'];

export type EntriesPage = Shown['EntriesView'];
export type Entry = Shown['EntryView'];

/** Problem details (RFC 9457) with what to do next. */
export type Problem = Shown['Problem'];
