//! What a difference means for the version number.

use super::Difference;
use super::class::Class;

/// The version to release next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The version of the workspace.
    pub current: String,
    /// The version to release; `None` where there is nothing to release.
    pub next: Option<String>,
    /// Why.
    pub reason: String,
}

/// Says which version should follow.
///
/// # Errors
///
/// A version that is not three numbers.
pub fn advise(current: &str, difference: &Difference) -> Result<Advice, String> {
    let next = match difference.worst() {
        Some(worst) => Some(next(current, worst)?),
        None => None,
    };
    let reason = match difference.worst() {
        None => "nothing changed".to_owned(),
        Some(Class::Breaking) => breaking(difference),
        Some(Class::Added) => "additions, and nothing that breaks".to_owned(),
        Some(Class::Docs) => {
            "names and types in Rust stay, and programs see what they saw".to_owned()
        }
    };
    Ok(Advice {
        current: current.to_owned(),
        next,
        reason,
    })
}

/// How many changes break, and how many of them only programs that run.
fn breaking(difference: &Difference) -> String {
    let all = counted(difference.of(Class::Breaking).count(), "breaking change");
    let changes = difference.changes.iter();
    match changes
        .filter(|change| change.is_only_at_run_time())
        .count()
    {
        0 => all,
        some => format!("{all}, {some} of them only at run time"),
    }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The version after one, by the rules of cargo: below 1.0 the second number stands for what
/// breaks, and the third for all else.
fn next(current: &str, worst: Class) -> Result<String, String> {
    let numbers = || -> Option<[u64; 3]> {
        // What follows the numbers, such as `-rc.1`, leads to them.
        let numbers = current.split(['-', '+']).next()?;
        let parsed: Result<Vec<u64>, _> = numbers.split('.').map(str::parse).collect();
        parsed.ok()?.try_into().ok()
    };
    let [major, minor, patch] =
        numbers().ok_or_else(|| format!("`{current}` is no version of three numbers"))?;
    if current.contains('-') {
        return Ok(format!("{major}.{minor}.{patch}"));
    }
    Ok(match (major, worst) {
        (0, Class::Breaking) => format!("0.{}.0", minor + 1),
        (0, _) => format!("0.{minor}.{}", patch + 1),
        (_, Class::Breaking) => format!("{}.0.0", major + 1),
        (_, Class::Added) => format!("{major}.{}.0", minor + 1),
        (_, Class::Docs) => format!("{major}.{minor}.{}", patch + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::next;
    use crate::diff::class::Class;

    #[test]
    fn the_next_version_follows_the_rules_of_cargo() {
        for (current, worst, expected) in [
            ("0.1.4", Class::Breaking, "0.2.0"),
            ("0.1.4", Class::Added, "0.1.5"),
            ("0.1.4", Class::Docs, "0.1.5"),
            ("1.2.3", Class::Breaking, "2.0.0"),
            ("1.2.3", Class::Added, "1.3.0"),
            ("1.2.3", Class::Docs, "1.2.4"),
            ("1.0.0-rc.1", Class::Breaking, "1.0.0"),
        ] {
            assert_eq!(
                next(current, worst).as_deref(),
                Ok(expected),
                "{current}, {worst:?}"
            );
        }
        assert!(next("1.0", Class::Docs).is_err());
        assert!(next("", Class::Docs).is_err());
    }
}
