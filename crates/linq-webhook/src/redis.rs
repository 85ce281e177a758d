//! Deduplication over several processes, in Redis.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use uuid::Uuid;

use crate::dedupe::{Claim, Deduper, EventKey, LONGEST_CLAIM, MEMORY, Ticket};

/// How long one answer of Redis may take, and one attempt to connect; Linq waits 10 seconds for the whole.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What stands in the place of a token once the event is handled.
const DONE: &str = "done";

/// Each script is atomic. An event has one key, whose value is the token of the claim or [`DONE`], and which
/// Redis lets go of by itself: a claim at the end of its lease, a handled event once it is forgotten.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local value = redis.call('GET', KEYS[1])
        if value then return value end
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return ARGV[1]",
    )
});

/// Also renews: that is a value and a time to live too, put in under the same condition.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local value = redis.call('GET', KEYS[1])
        if value and value ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1",
    )
});

static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
        return 1",
    )
});

/// A [`Deduper`] for several processes, which outlives each of them.
///
/// A claim is a lease of 60 seconds, the longest there is: that of a process that was killed ends by itself, and
/// Linq, which redelivers for up to 30 minutes, has the event handled by another one. A handler that takes longer
/// has to [renew](Deduper::renew) it. Handled events are remembered for 24 hours.
///
/// It needs a Redis that keeps what it is given: with an eviction policy other than `noeviction`, or after a loss
/// of data, a redelivery can be handled again. Each event takes one key, named `linq:webhook:` and the
/// [`EventKey`]; two applications that share a Redis, and both receive the same events, need
/// [prefixes](Self::prefix) of their own.
///
/// A `rediss://` address needs TLS, which is a feature of the crate `redis`: turn on its `tokio-rustls-comp` in
/// your own manifest.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use linq_webhook::RedisDeduper;
///
/// let deduper = RedisDeduper::connect("redis://127.0.0.1/").await?.prefix("support-bot:");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisDeduper {
    connection: ConnectionManager,
    prefix: String,
    hold_for: Duration,
    remember_for: Duration,
}

impl RedisDeduper {
    /// Connects to a Redis by its address, such as `redis://user:password@host:6379/0`.
    ///
    /// The connection is made anew when it is lost; until then, calls fail within a few seconds.
    ///
    /// # Errors
    ///
    /// If the address cannot be read, or no connection comes about.
    pub async fn connect(url: &str) -> Result<Self, RedisDeduperError> {
        let failed = |source| RedisDeduperError {
            what: "connect",
            source,
        };
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let client = Client::open(url).map_err(failed)?;
        let connection = ConnectionManager::new_with_config(client, config);
        Ok(Self::new(connection.await.map_err(failed)?))
    }

    /// Uses a connection that is there already.
    #[must_use]
    pub fn new(connection: ConnectionManager) -> Self {
        Self {
            connection,
            prefix: "linq:webhook:".to_owned(),
            hold_for: LONGEST_CLAIM,
            remember_for: MEMORY,
        }
    }

    /// Puts `prefix` before each key, in the place of `linq:webhook:`.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Has a claim hold for so long unless it is renewed; 60 seconds is the default and the most.
    #[must_use]
    pub fn hold_for(self, duration: Duration) -> Self {
        Self {
            hold_for: duration.min(LONGEST_CLAIM),
            ..self
        }
    }

    /// Remembers a handled event for so long (24 hours); less than 30 minutes is less than Linq redelivers.
    #[must_use]
    pub fn remember_for(self, duration: Duration) -> Self {
        Self {
            remember_for: duration,
            ..self
        }
    }

    /// Runs a script on the key of an event.
    async fn run<T: FromRedisValue>(
        &self,
        what: &'static str,
        mut script: ScriptInvocation<'_>,
        key: &EventKey,
    ) -> Result<T, RedisDeduperError> {
        script.key(format!("{}{key}", self.prefix));
        // A clone is a handle on the same connection.
        let mut connection = self.connection.clone();
        let answer = script.invoke_async(&mut connection).await;
        answer.map_err(|source| RedisDeduperError { what, source })
    }

    /// Puts in a value, if nobody but the holder of the ticket is handling the event, or has handled it.
    async fn put(
        &self,
        what: &'static str,
        ticket: &Ticket,
        value: &str,
        time: Duration,
    ) -> Result<bool, RedisDeduperError> {
        let mut script = PUT.arg(ticket.token().to_string());
        script.arg(value).arg(millis(time));
        self.run(what, script, ticket.key()).await
    }
}

impl Deduper for RedisDeduper {
    type Error = RedisDeduperError;

    async fn claim(&self, key: &EventKey) -> Result<Claim, RedisDeduperError> {
        let token = Uuid::new_v4();
        let own = token.to_string();
        let mut script = CLAIM.arg(&own);
        script.arg(millis(self.hold_for));
        let value: String = self.run("claim an event", script, key).await?;
        Ok(match value {
            value if value == own => Claim::New(Ticket::new(key.clone(), token)),
            value if value == DONE => Claim::Done,
            _ => Claim::Held,
        })
    }

    async fn complete(&self, ticket: &Ticket) -> Result<(), RedisDeduperError> {
        let put = self.put("complete a claim", ticket, DONE, self.remember_for);
        put.await.map(|_| ())
    }

    async fn release(&self, ticket: &Ticket) -> Result<(), RedisDeduperError> {
        let script = RELEASE.arg(ticket.token().to_string());
        self.run("release a claim", script, ticket.key()).await
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.hold_for)
    }

    async fn renew(&self, ticket: &Ticket) -> Result<bool, RedisDeduperError> {
        let token = ticket.token().to_string();
        self.put("renew a claim", ticket, &token, self.hold_for)
            .await
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisDeduper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisDeduper")
            .field("prefix", &self.prefix)
            .field("hold_for", &self.hold_for)
            .field("remember_for", &self.remember_for)
            .finish_non_exhaustive()
    }
}

/// A time to live as Redis takes it: whole milliseconds, and not 0.
fn millis(duration: Duration) -> i64 {
    // Redis adds it to the time of day, and refuses what overflows.
    let longest = i64::MAX / 2;
    i64::try_from(duration.as_millis()).map_or(longest, |millis| millis.clamp(1, longest))
}

/// Why a call of [`RedisDeduper`] failed; the source is what Redis, or the connection to it, says.
#[derive(Debug)]
pub struct RedisDeduperError {
    what: &'static str,
    source: RedisError,
}

impl fmt::Display for RedisDeduperError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "could not {} in Redis", self.what)
    }
}

impl std::error::Error for RedisDeduperError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
