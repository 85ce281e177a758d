//! Which optional fields stood on the wire as `null`, so that a value is written back as it came.

/// One bit a field: set where the field's presence on the wire differs from how it would be
/// written for a value made in Rust.
///
/// For an optional field the bit says "came as `null`", for one that must be present but may be
/// null it says "was missing". It carries no meaning of its own, so two values that differ only
/// here are equal.
#[derive(Clone, Copy)]
pub(crate) struct Wire<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Wire<WORDS> {
    /// Marks field number `index`.
    pub(crate) fn mark(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Whether field number `index` is marked.
    pub(crate) fn is_marked(&self, index: usize) -> bool {
        self.0
            .get(index / 64)
            .is_some_and(|word| word & (1 << (index % 64)) != 0)
    }
}

impl<const WORDS: usize> Default for Wire<WORDS> {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

impl<const WORDS: usize> PartialEq for Wire<WORDS> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<const WORDS: usize> Eq for Wire<WORDS> {}
