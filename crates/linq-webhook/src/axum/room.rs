//! Limited room for those who make others wait: bodies that are being received, and connections without a request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Room for so many units. When it is full, who has been in it longest is displaced: among clients that are
/// served as fast as they send, that is the slowest.
pub(super) struct Room {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: usize,
    /// By their order of entering.
    displaceable: BTreeMap<u64, Holder>,
    entered: u64,
}

struct Holder {
    units: usize,
    displaced: CancellationToken,
}

impl Room {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            state: Mutex::default(),
        })
    }

    /// Returns a place that holds nothing yet.
    pub(super) fn place(self: &Arc<Self>) -> Place {
        Place {
            room: Arc::clone(self),
            number: None,
            kept: 0,
            displaced: CancellationToken::new(),
        }
    }

    /// Displaces who entered first; false if there is nobody to displace.
    pub(super) fn displace_one(&self) -> bool {
        self.state().displace_first()
    }

    pub(super) fn displace_all(&self) {
        while self.displace_one() {}
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic can occur between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn displace_first(&mut self) -> bool {
        let first = self.displaceable.pop_first();
        first.is_some_and(|(_, holder)| {
            self.used -= holder.units;
            holder.displaced.cancel();
            true
        })
    }
}

/// A place in a [`Room`], which is given back when it is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    /// The number in `displaceable`, of a place that has entered.
    number: Option<u64>,
    /// The units that nobody can displace.
    kept: usize,
    displaced: CancellationToken,
}

impl Place {
    /// Enters, or takes more units. Displaces others until there is room.
    ///
    /// False if this place was displaced, or if there is no room although nobody is left to be displaced.
    pub(super) fn take(&mut self, units: usize) -> bool {
        let mut state = self.room.state();
        let number = *self.number.get_or_insert_with(|| {
            state.entered += 1;
            let number = state.entered;
            let displaced = self.displaced.clone();
            let holder = Holder {
                units: 0,
                displaced,
            };
            state.displaceable.insert(number, holder);
            number
        });
        while state.used.saturating_add(units) > self.room.capacity {
            if !state.displace_first() {
                return false;
            }
        }
        match state.displaceable.get_mut(&number) {
            Some(holder) => {
                holder.units += units;
                state.used += units;
                true
            }
            None => false,
        }
    }

    /// Can no longer be displaced from now on.
    pub(super) fn keep(&mut self) {
        let mut state = self.room.state();
        let holder = self
            .number
            .take()
            .and_then(|n| state.displaceable.remove(&n));
        self.kept += holder.map_or(0, |holder| holder.units);
    }

    /// Gives everything back. The place can be entered again.
    pub(super) fn leave(&mut self) {
        let mut state = self.room.state();
        let holder = self
            .number
            .take()
            .and_then(|n| state.displaceable.remove(&n));
        state.used -= holder.map_or(0, |holder| holder.units) + self.kept;
        self.kept = 0;
    }

    /// Cancelled when this place is displaced.
    pub(super) fn displaced(&self) -> CancellationToken {
        self.displaced.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_entered_first_is_displaced_first() {
        let room = Room::new(10);
        let [mut first, mut second, mut third] = [room.place(), room.place(), room.place()];
        assert!(first.take(4) && second.take(4) && first.take(1));
        assert!(third.take(3));
        assert!(first.displaced().is_cancelled() && !second.displaced().is_cancelled());
        assert!(!first.take(0));
        assert_eq!(room.state().used, 7);
        drop(first);
        drop(second);
        assert_eq!(room.state().used, 3);
        third.leave();
        assert!(third.take(10), "it can enter again");
    }

    #[test]
    fn who_keeps_a_place_is_not_displaced() {
        let room = Room::new(10);
        let [mut first, mut second] = [room.place(), room.place()];
        assert!(first.take(8));
        first.keep();
        assert!(!second.take(3), "it displaces itself at last");
        assert!(second.displaced().is_cancelled() && !first.displaced().is_cancelled());
        drop(first);
        assert_eq!(room.state().used, 0);
        assert!(room.place().take(10));
    }
}
