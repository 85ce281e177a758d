//! Faults that are ordered: of responses of the API, and of deliveries.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A rule: which calls or deliveries it is for, and what goes wrong.
///
/// ```
/// use linq_sim::{Fault, FaultKind};
///
/// // The next send is accepted, and its response is lost.
/// let fault = Fault::new(FaultKind::AcceptThenReset).on("sendMessageToChat");
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// The operation, by its operationId, or the event type; any if not set.
    #[serde(default)]
    pub on: Option<String>,
    /// How many matching ones pass before the first is hit.
    #[serde(default)]
    pub after: u32,
    /// How many are hit; 1 if not set, 0 for all that follow.
    #[serde(default = "one")]
    pub times: u32,
    /// The chance of each, from 0 to 1; 1 if not set. Drawn from the seed.
    #[serde(default = "certain")]
    pub chance: f64,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn one() -> u32 {
    1
}

fn certain() -> f64 {
    1.0
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The connection is closed before the request is handled.
    Reset,
    /// The request is handled, and the connection is closed before the response.
    AcceptThenReset,
    /// The request is handled, and the response ends in the middle.
    AcceptThenCut,
    /// The request is handled, and the response is not JSON.
    AcceptThenGarble,
    /// The response comes late by so many milliseconds of real time.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
    /// The API responds with a status and one of its codes, without handling the request.
    Error {
        /// The HTTP status.
        status: u16,
        /// The API's code.
        code: u16,
        /// Seconds, for `Retry-After`.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// A proxy responds with a page of HTML.
    ProxyPage {
        /// The HTTP status.
        status: u16,
    },
    /// The delivery is sent twice.
    Doubled,
    /// The delivery is sent later by so many milliseconds of the clock.
    Delayed {
        /// Milliseconds.
        millis: i64,
    },
    /// The signature of the delivery is wrong.
    BrokenSignature,
    /// The event of the delivery has a type that nobody knows.
    UnknownEvent,
    /// The payload version of the delivery is one that nobody knows.
    UnknownVersion,
    /// A member of the delivery's `data` is missing, by its JSON pointer.
    Missing {
        /// Such as `/sender_handle/joined_at`.
        pointer: String,
    },
    /// The delivery is not sent.
    Dropped,
}

impl FaultKind {
    /// Returns whether it is one of deliveries, and not of responses.
    pub(crate) fn is_of_deliveries(&self) -> bool {
        matches!(
            self,
            Self::Doubled
                | Self::Delayed { .. }
                | Self::BrokenSignature
                | Self::UnknownEvent
                | Self::UnknownVersion
                | Self::Missing { .. }
                | Self::Dropped
        )
    }
}

impl Fault {
    /// Makes a fault that hits the next call or delivery.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            on: None,
            after: 0,
            times: 1,
            chance: 1.0,
            kind,
        }
    }

    /// Limits it to an operation, by its operationId, or to an event type.
    #[must_use]
    pub fn on(mut self, name: impl Into<String>) -> Self {
        self.on = Some(name.into());
        self
    }

    /// Lets so many matching ones pass first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// Hits so many; 0 for all that follow.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }

    /// Hits each with this chance, from 0 to 1.
    #[must_use]
    pub fn chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }
}

/// The faults that are ordered.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Ordered>);

#[derive(Debug)]
struct Ordered {
    fault: Fault,
    passed: u32,
    hit: u32,
}

impl Faults {
    pub(crate) fn order(&mut self, fault: Fault) {
        self.0.push(Ordered {
            fault,
            passed: 0,
            hit: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<&Fault> {
        self.0.iter().map(|ordered| &ordered.fault).collect()
    }

    /// Takes the fault that hits a call of an operation, or a delivery of an event.
    ///
    /// `draw` gives a number from 0 to 1 for a fault that is not certain.
    pub(crate) fn take(
        &mut self,
        name: &str,
        is_delivery: bool,
        mut draw: impl FnMut() -> f64,
    ) -> Option<FaultKind> {
        let index = self.0.iter_mut().position(|ordered| {
            let fault = &ordered.fault;
            let is_meant = fault.kind.is_of_deliveries() == is_delivery
                && fault.on.as_deref().is_none_or(|on| on == name);
            if !is_meant {
                return false;
            }
            if ordered.passed < fault.after {
                ordered.passed += 1;
                return false;
            }
            fault.chance >= 1.0 || draw() < fault.chance
        })?;
        let ordered = &mut self.0[index];
        ordered.hit += 1;
        let kind = ordered.fault.kind.clone();
        if ordered.fault.times != 0 && ordered.hit >= ordered.fault.times {
            self.0.remove(index);
        }
        Some(kind)
    }
}

/// Changes the body of a delivery as a fault says.
pub(crate) fn changed(kind: &FaultKind, body: &str) -> String {
    let Ok(mut event) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    match kind {
        FaultKind::UnknownEvent => event["event_type"] = "simulator.unheard_of".into(),
        FaultKind::UnknownVersion => event["webhook_version"] = "2099-01-01".into(),
        FaultKind::Missing { pointer } => {
            if let Some((parent, name)) = pointer.rsplit_once('/')
                && let Some(parent) = event["data"]
                    .pointer_mut(parent)
                    .and_then(Value::as_object_mut)
            {
                parent.remove(name);
            }
        }
        _ => return body.to_owned(),
    }
    event.to_string()
}
