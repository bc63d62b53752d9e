//! Every kind of attack that a hostile node tries, each with why somebody would.

use super::super::faults::named;

named! {
    /// What a hostile node that holds valid keys may try.
    Attack {
        /// Bytes that are nothing: a scanner, or a broken program.
        Junk => "junk for frames",
        /// A frame that ends early, so that a reader waits for ever.
        CutFrame => "a frame that ends early",
        /// An answer larger than any that was asked for.
        OversizeAnswer => "an answer beyond its limit",
        /// A header that says it is four gigabytes long.
        HugeHeader => "a header of four gigabytes",
        /// Another format under our name.
        WrongMagic => "a header of another format",
        /// A suite that nobody here knows, to get past the signature.
        UnknownSuite => "a suite nobody knows",
        /// A flag that will mean something one day.
        ReservedFlag => "a reserved flag",
        /// Bytes behind the last field, for a second reader to find.
        HeaderTail => "bytes behind the header's last field",
        /// A body that fills memory.
        HugeBody => "a body beyond its limit",
        /// A kind with letters that a log or a page would act on.
        OddKind => "a kind with forbidden letters",
        /// Entry number zero, before the first.
        SeqZero => "an entry number zero",
        /// Whole and absent sealed parts at once.
        OddSealedForm => "a sealed form that contradicts the header",
        /// Two orders of the heads it answers, for two readings.
        DepsDisordered => "deps out of order",
        /// An entry that answers itself.
        DepOnItself => "a dep on its own feed",
        /// An honest entry with another header.
        AlteredHeader => "an honest header altered",
        /// An honest entry with another text.
        AlteredPlain => "an honest body altered",
        /// An honest entry with another sealed part.
        AlteredSealed => "an honest sealed part altered",
        /// An honest entry with a signature that is nearly right.
        AlteredSignature => "an honest signature altered",
        /// The next entry of an honest feed, signed with one's own key.
        InAnothersName => "the next entry of an honest feed under another key",
        /// An honest entry moved into one's own feed.
        MovedEntry => "an honest entry in another feed",
        /// An entry that leaves others out.
        Gap => "an entry that leaves one out",
        /// A feed opened a second time, to change what it is.
        LateOpening => "a second opening",
        /// A feed that begins without saying whose it is.
        NoOpening => "a feed without an opening",
        /// An opening of one feed in the place of another.
        OtherOpening => "an opening of another feed",
        /// An opening that two readers could read differently.
        OddlySpeltOpening => "an opening spelt otherwise",
        /// One's local feed, to fill other nodes.
        LocalFeed => "its own local feed",
        /// A feed of an operation in an honest node's name.
        OperationInAnothersName => "an operation feed in an honest node's name",
        /// A command feed in the lead's name.
        CommandInAnothersName => "a command feed in the lead's name",
        /// An identity for a node whose root key one does not have.
        IdentityOfAnother => "an identity feed for an honest node",
        /// An identity of somebody whom nobody has compared.
        IdentityOfStranger => "the identity of a stranger",
        /// A stranger who says that it joined.
        StrangerJoins => "a stranger joins by itself",
        /// A key that the root key has not certified.
        UncertifiedKey => "a key that is not certified",
        /// A second key while the first is in force.
        SecondKey => "a second key beside the first",
        /// An identity entry that is spelt otherwise.
        OddIdentityEntry => "an identity entry spelt otherwise",
        /// A feed of an operation that the other is not in.
        AnotherOperation => "a feed of another operation",
        /// An event for a record whose home is another node.
        AnothersRecord => "an event for another home's record",
        /// A whole record told under the id of another home's.
        AnothersRecordTold => "another home's record told anew",
        /// An erasing of another home's record, so that all destroy its keys.
        AnothersRecordErased => "another home's record erased",
        /// A call in an operation, where calls never are.
        CallInOperation => "a call in an operation",
        /// A peer enrolled by somebody else's word.
        PeerInOperation => "a peer in an operation",
        /// The lead's words in one's own operation feed.
        LeadInOperationFeed => "a removal in an operation feed",
        /// That another node joined.
        AnotherJoins => "another node's joining",
        /// That another node left.
        AnotherLeaves => "another node's leaving",
        /// That one joined another operation than the feed's.
        JoinsElsewhere => "a joining of another operation",
        /// A message for an operation that is not the feed's.
        MessageElsewhere => "a message for another operation",
        /// An ask for a unit that was never lent, which says that it was.
        AskWithoutLoan => "an ask that claims a loan",
        /// An answer in the name of the one who was asked.
        AnswerForAnother => "an answer for another node",
        /// A version far ahead, so that honest ones look old.
        VersionJump => "a version that jumps",
        /// A version that was, so that two versions are one.
        VersionAgain => "a version that was before",
        /// An operation raised in another's name.
        RaisedByAnother => "an operation raised in another's name",
        /// An operation whose id is not made of its purpose.
        FalseGenesis => "a genesis that does not hash to its id",
        /// Members called in by a node that does not lead.
        CallsInUnasked => "a calling in by no lead",
        /// Command taken that nobody offered.
        TakesUnoffered => "command taken that was not offered",
        /// A newer program's word about another home's record.
        NewerOfAnother => "a newer kind about another's record",
        /// A sealed part that names another record's key.
        AnothersKeyNamed => "a sealed part under another's key id",
        /// A body of a known kind that says something else.
        OddBody => "a body that is not what its kind says",
        /// A time far in the future, to carry clocks away.
        FarFuture => "a time in the year 9000",
        /// A time before everything.
        FarPast => "a time before everything",
        /// Two entries signed for one place.
        Fork => "two entries for one place",
        /// An entry that follows on another history.
        BrokenLink => "an entry on another history",
        /// Another's local feed is asked for.
        AsksLocal => "it asks for a local feed",
        /// A feed of an operation that one is not in is asked for.
        AsksForeign => "it asks for feeds of an operation it is not in",
        /// Everything there will ever be is asked for.
        AsksEverything => "it asks for a range without end",
        /// More ranges than any node has are asked for.
        AsksManyRanges => "it asks for very many ranges",
        /// The key to a record that is not shared is asked for.
        AsksUnsharedKey => "it asks for a key of what is not shared",
        /// The same in the name of a record that is.
        AsksKeyByOtherName => "it asks for a key in another record's name",
        /// The same in the name of a record of one's own, sealed as if under that key.
        AsksKeyByOwnRecord => "it asks for a key in its own record's name",
        /// Keys by the thousand are asked for.
        AsksManyKeys => "it asks for very many keys",
        /// A wrong key for a right id, so that the right one finds its place taken.
        WrongKey => "a wrong key",
        /// Keys that nobody asked for.
        KeysUnasked => "keys that nobody asked for",
        /// A vector that is none.
        JunkVector => "junk for a vector",
        /// A vector of more feeds than there may be.
        HugeVector => "a vector of too many feeds",
        /// A vector that says one holds what nobody wrote.
        LyingVector => "a vector that lies",
        /// A vector that says that an honest feed has another history.
        FramingVector => "a vector that frames an honest node",
        /// The same entries again and again.
        Flood => "a flood of what is held",
        /// It speaks though it was shut out.
        ThoughShutOut => "it speaks though it is shut out",
        /// It writes on though it was removed.
        ThoughRemoved => "it writes though it is removed",
    }
}

impl Attack {
    /// Says whether nobody listens to the hostile node's feed any more after it: it comes late in a life.
    pub(crate) fn ends_it(self) -> bool {
        matches!(self, Attack::Fork | Attack::BrokenLink)
    }
}
