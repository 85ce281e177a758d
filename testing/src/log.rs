//! What a test's thread tells `tracing`.
//!
//! `tracing` remembers for the whole process whether anybody wants to know of a place in the code, and asks the
//! thread that comes by first. So all tests of a program share one subscriber, which records for those that ask.

use std::cell::RefCell;
use std::fmt::{self, Debug, Display, Formatter};
use std::marker::PhantomData;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static RECORDING: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

struct Recording {
    target: &'static str,
    entries: Vec<Entry>,
}

/// Records the spans and events of this thread until it is dropped.
#[derive(Debug)]
pub struct Log {
    of_this_thread: PhantomData<*const ()>,
}

/// A span or an event.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name of a span.
    pub name: &'static str,
    level: Level,
    fields: Vec<(&'static str, String)>,
}

impl Log {
    /// Starts to record what is told under targets that begin so, such as `linq_ext`.
    ///
    /// # Panics
    ///
    /// If the program has a subscriber of its own.
    pub fn start(target: &'static str) -> Self {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| set_global_default(Recorder).expect("nobody else sets one"));
        let entries = Vec::new();
        RECORDING.set(Some(Recording { target, entries }));
        let of_this_thread = PhantomData;
        Self { of_this_thread }
    }

    /// Returns the spans and events so far, in the order in which they began.
    pub fn entries(&self) -> Vec<Entry> {
        let entries = with(|recording| recording.entries.clone());
        entries.unwrap_or_default()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        RECORDING.set(None);
    }
}

impl Entry {
    /// Returns the value of a field, or an empty text.
    pub fn field(&self, name: &str) -> &str {
        let mut fields = self.fields.iter().filter(|(field, _)| *field == name);
        fields.next_back().map_or("", |(_, value)| value)
    }
}

/// Writes the level and the fields, without times.
impl Display for Entry {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.level)?;
        let fields = self.fields.iter();
        for (name, value) in fields.filter(|(name, _)| !name.ends_with("_ms")) {
            write!(formatter, " {name}={value}")?;
        }
        Ok(())
    }
}

impl Visit for Entry {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.push((field.name(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name(), value.to_owned()));
    }
}

fn with<T>(act: impl FnOnce(&mut Recording) -> T) -> Option<T> {
    RECORDING.with_borrow_mut(|recording| recording.as_mut().map(act))
}

/// Adds an entry, and returns the id of its span.
fn add(metadata: &Metadata<'static>, record: impl FnOnce(&mut Entry)) -> Id {
    let mut entry = Entry {
        name: metadata.name(),
        level: *metadata.level(),
        fields: Vec::new(),
    };
    record(&mut entry);
    let count = with(|recording| {
        recording.entries.push(entry);
        recording.entries.len() as u64
    });
    // The id of a span that is not recorded is never asked for.
    Id::from_u64(count.unwrap_or(u64::MAX))
}

/// The one subscriber.
struct Recorder;

impl Subscriber for Recorder {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_wanted = |recording: &mut Recording| metadata.target().starts_with(recording.target);
        with(is_wanted).unwrap_or_default()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        add(span.metadata(), |entry| span.record(entry))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        with(|recording| {
            let at = usize::try_from(span.into_u64()).unwrap_or_default();
            if let Some(entry) = recording.entries.get_mut(at - 1) {
                values.record(entry);
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        add(event.metadata(), |entry| event.record(entry));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
