//! The deliveries, what became of them, and what has to hold.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The secret that Linq and the server know.
pub(crate) const SECRET: &str = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";

/// What a delivery is, and so how it has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Known,
    Unknown,
    /// The same event as one of the others.
    Duplicate,
    BadSignature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Delivery {
    pub(crate) kind: Kind,
    pub(crate) event: usize,
    attempts: u32,
}

impl Delivery {
    pub(crate) fn event_id(&self) -> String {
        let kind = match self.kind {
            Kind::BadSignature => "bad",
            _ => "good",
        };
        format!("{kind}-{}", self.event)
    }
}

/// All deliveries of a part.
pub(crate) struct Deliveries {
    good: usize,
    bad: usize,
    waiting: VecDeque<Delivery>,
    later: BinaryHeap<Reverse<(Instant, Delivery)>>,
    /// On their way.
    out: usize,
    acknowledged: HashSet<usize>,
    refused: usize,
}

impl Deliveries {
    /// So many deliveries: 5 % duplicates, 5 % with a bad signature, 5 % unknown events, in an order that looks
    /// random and is always the same.
    pub(crate) fn new(number: usize) -> Self {
        let part = number / 20;
        let good = number - 2 * part;
        let new = |kind, event| Delivery {
            kind,
            event,
            attempts: 0,
        };
        let mut all = Vec::with_capacity(number);
        all.extend((0..good).map(|event| match event < part {
            true => new(Kind::Unknown, event),
            false => new(Kind::Known, event),
        }));
        all.extend((0..part).map(|index| new(Kind::Duplicate, index * 7919 % good)));
        all.extend((0..part).map(|event| new(Kind::BadSignature, event)));
        shuffle(&mut all);
        Self {
            good,
            bad: part,
            waiting: all.into(),
            later: BinaryHeap::new(),
            out: 0,
            acknowledged: HashSet::new(),
            refused: 0,
        }
    }

    /// One to be sent now.
    pub(crate) fn next(&mut self) -> Option<Delivery> {
        let is_due = |Reverse((at, _)): &Reverse<(Instant, _)>| *at <= Instant::now();
        let delivery = if self.later.peek().is_some_and(is_due) {
            self.later.pop().map(|Reverse((_, delivery))| delivery)
        } else {
            self.waiting.pop_front()
        };
        self.out += usize::from(delivery.is_some());
        delivery
    }

    /// Whether everything is answered, and nothing has to be sent again.
    pub(crate) fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.later.is_empty() && self.out == 0
    }

    /// The answer to one, or that none came; true if it is to be sent again.
    pub(crate) fn answered(&mut self, delivery: Delivery, status: Option<u16>) -> bool {
        self.out -= 1;
        match (delivery.kind, status) {
            (Kind::BadSignature, Some(401)) => self.refused += 1,
            (Kind::Known | Kind::Unknown | Kind::Duplicate, Some(200)) => {
                self.acknowledged.insert(delivery.event);
            }
            (Kind::Known | Kind::Unknown | Kind::Duplicate, Some(500 | 503)) | (_, None) => {
                self.again(delivery);
                return true;
            }
            other => panic!("{other:?}"),
        }
        false
    }

    fn again(&mut self, mut delivery: Delivery) {
        let pause = Duration::from_millis(2) * 2_u32.pow(delivery.attempts.min(5));
        delivery.attempts += 1;
        self.later.push(Reverse((Instant::now() + pause, delivery)));
    }

    /// Takes back the deliveries of events that were acknowledged already.
    pub(crate) fn forget_duplicates_of_acknowledged(&mut self) {
        let acknowledged = &self.acknowledged;
        let is_open = |delivery: &Delivery| {
            delivery.kind == Kind::BadSignature || !acknowledged.contains(&delivery.event)
        };
        self.waiting.retain(is_open);
        self.later
            .retain(|Reverse((_, delivery))| is_open(delivery));
    }

    /// What was acknowledged was handled.
    pub(crate) fn check_acknowledged(&self, ledger: &Ledger) {
        let lost = |event: &&usize| !ledger.0.contains_key(&format!("good-{event}"));
        let lost: Vec<_> = self.acknowledged.iter().filter(lost).collect();
        assert!(lost.is_empty(), "{} acknowledged and lost", lost.len());
    }

    /// Every good event was handled, and every bad delivery refused.
    pub(crate) fn check_all(&self, ledger: &Ledger) {
        assert_eq!(self.acknowledged.len(), self.good, "events acknowledged");
        assert_eq!(ledger.len(), self.good, "events handled");
        assert_eq!(self.refused, self.bad, "deliveries refused");
        let is_good = |id: &String| id.starts_with("good-");
        assert!(ledger.0.keys().all(is_good), "a bad delivery was handled");
    }
}

/// Fisher and Yates, with numbers of SplitMix64.
fn shuffle(all: &mut [Delivery]) {
    let mut state = 7_u64;
    for last in (1..all.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let below = u64::try_from(last + 1).expect("it is small");
        all.swap(last, usize::try_from(mixed % below).expect("it is small"));
    }
}

/// What the handler has written down: each event, and how often.
pub(crate) struct Ledger(HashMap<String, u32>);

impl Ledger {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the handler writes text");
        let mut events = HashMap::new();
        for id in text.lines() {
            *events.entry(id.to_owned()).or_default() += 1;
        }
        Self(events)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn check_each_once(&self) {
        let twice = self.0.values().filter(|times| **times > 1).count();
        assert_eq!(twice, 0, "events handled more than once");
    }
}

/// The bodies of known and of unknown events, with a place for the id.
pub(crate) struct Bodies {
    known: String,
    unknown: String,
}

impl Bodies {
    pub(crate) fn new() -> Self {
        let payloads = linq_testing::webhook::parse::payloads();
        let received = payloads
            .iter()
            .find(|payload| payload.key.starts_with("message.received"));
        let body = &received.expect("there is such a payload").body;
        let mut event: Value = serde_json::from_slice(body).expect("it is JSON");
        event["event_id"] = "{id}".into();
        let known = event.to_string();
        event["event_type"] = "tea.ready".into();
        Self {
            known,
            unknown: event.to_string(),
        }
    }

    pub(crate) fn of(&self, delivery: &Delivery, unknown: usize) -> String {
        let is_unknown = delivery.kind != Kind::BadSignature && delivery.event < unknown;
        let body = if is_unknown {
            &self.unknown
        } else {
            &self.known
        };
        body.replacen("{id}", &delivery.event_id(), 1)
    }
}

impl Deliveries {
    /// How many events are unknown: the first ones.
    pub(crate) fn unknown(&self) -> usize {
        self.bad
    }
}
