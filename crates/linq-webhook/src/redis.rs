//! Deduplication over several processes, in Redis.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, ErrorKind, FromRedisValue, RedisError, Script, ScriptInvocation};
use uuid::Uuid;

use crate::dedupe::{
    Claim, Deduper, EventKey, LONGEST_CLAIM, MEMORY, SHORTEST_CLAIM, SHORTEST_MEMORY, Ticket,
};

/// How long one response of Redis may take, and one attempt to connect; Linq waits 10 seconds for the whole.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The value of a handled event, in the place of a token.
const DONE: &str = "done";

/// Each script is atomic. Each name of an event is a key whose value is the token of the claim or [`DONE`]. Redis
/// removes it by itself: a claim at the end of its lease, a handled event once it is forgotten.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local held = false
        for _, key in ipairs(KEYS) do
            local value = redis.call('GET', key)
            if value == 'done' then return value end
            held = held or value
        end
        if held then return held end
        for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
        return ARGV[1]",
    )
});

/// Also renews: that is a value and a time to live too, set under the same condition.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for _, key in ipairs(KEYS) do
            local value = redis.call('GET', key)
            if value and value ~= ARGV[1] then return 0 end
        end
        for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[2], 'PX', ARGV[3]) end
        return 1",
    )
});

static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for _, key in ipairs(KEYS) do
            if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
        end
        return 1",
    )
});

/// A [`Deduper`] for several processes, which outlives each of them.
///
/// A claim is a lease of 60 seconds, which is also the longest: the claim of a process that was killed expires, and
/// Linq, which redelivers for up to 30 minutes, has the event handled by another process. A handler that takes longer
/// has to [renew](Deduper::renew) it. Handled events are remembered for 24 hours.
///
/// It needs a Redis that keeps what it is given: with an eviction policy other than `noeviction`, or after a loss
/// of data, a redelivery can be handled again. Each [name](EventKey::names) of an event is one key, prefixed with
/// `linq:webhook:`; two applications that share a Redis, and both receive the same events, need different
/// [prefixes](Self::prefix). Redis Cluster is not supported, since the names of one event are in different slots.
///
/// A `rediss://` address needs TLS, which is a feature of the crate `redis`: enable its `tokio-rustls-comp` in
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
    /// Connects to a Redis by its address, such as `redis://user:password@host:6379/0`, and [checks](Self::check)
    /// that claims work.
    ///
    /// When the connection is lost it is established again; until then, calls fail within a few seconds.
    ///
    /// # Errors
    ///
    /// If the address is invalid, the connection fails, or claims do not work: because of a missing password or
    /// permission, because the server is a node of a cluster or a read-only replica.
    pub async fn connect(url: &str) -> Result<Self, RedisDeduperError> {
        let failed = |source| RedisDeduperError {
            what: "connect to",
            source,
        };
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let client = Client::open(url).map_err(failed)?;
        let connection = ConnectionManager::new_with_config(client, config);
        let deduper = Self::new(connection.await.map_err(failed)?);
        deduper.check().await?;
        Ok(deduper)
    }

    /// Uses an existing connection, without any check.
    #[must_use]
    pub fn new(connection: ConnectionManager) -> Self {
        Self {
            connection,
            prefix: "linq:webhook:".to_owned(),
            hold_for: LONGEST_CLAIM,
            remember_for: MEMORY,
        }
    }

    /// Sets the prefix of the keys; by default `linq:webhook:`.
    ///
    /// [`connect`](Self::connect) has checked the default prefix. If the Redis user may use another one only, start
    /// with [`new`](Self::new), and [check](Self::check) after this.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Sets how long a claim holds unless it is renewed, from 1 to 60 seconds; by default 60 seconds.
    #[must_use]
    pub fn hold_for(self, duration: Duration) -> Self {
        Self {
            hold_for: duration.clamp(SHORTEST_CLAIM, LONGEST_CLAIM),
            ..self
        }
    }

    /// Sets how long a handled event is remembered, at least 2 hours; by default 24 hours.
    #[must_use]
    pub fn remember_for(self, duration: Duration) -> Self {
        Self {
            remember_for: duration.max(SHORTEST_MEMORY),
            ..self
        }
    }

    /// Claims and releases an event of its own, so that a wrong configuration shows at the start of the program and
    /// not with the first delivery.
    ///
    /// # Errors
    ///
    /// If the server is a node of a cluster, or one of the scripts fails.
    pub async fn check(&self) -> Result<(), RedisDeduperError> {
        let what = "use";
        // Not every user may ask for it, and then the scripts tell.
        let info = ::redis::cmd("INFO").arg("cluster").to_owned();
        let info: Result<String, _> = info.query_async(&mut self.connection.clone()).await;
        if info.is_ok_and(|info| info.contains("cluster_enabled:1")) {
            let source =
                RedisError::from((ErrorKind::InvalidClientConfig, "it is a node of a cluster"));
            return Err(RedisDeduperError { what, source });
        }
        let check = EventKey::custom(&format!("check-{}", Uuid::new_v4()));
        if let Claim::New(ticket) = self.claim(&check).await? {
            self.renew(&ticket).await?;
            self.release(&ticket).await?;
        }
        Ok(())
    }

    /// Runs a script on the names of an event.
    async fn run<T: FromRedisValue>(
        &self,
        what: &'static str,
        mut script: ScriptInvocation<'_>,
        key: &EventKey,
    ) -> Result<T, RedisDeduperError> {
        for name in key.names() {
            script.key(format!("{}{name}", self.prefix));
        }
        // A clone is a handle to the same connection.
        let mut connection = self.connection.clone();
        let response = script.invoke_async(&mut connection).await;
        response.map_err(|source| RedisDeduperError { what, source })
    }

    /// Sets a value, if nobody but the holder of the ticket is handling the event, or has handled it.
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
        let value: String = self.run("claim an event in", script, key).await?;
        Ok(match value {
            value if value == own => Claim::New(Ticket::new(key.clone(), token)),
            value if value == DONE => Claim::Done,
            _ => Claim::Held,
        })
    }

    async fn complete(&self, ticket: &Ticket) -> Result<bool, RedisDeduperError> {
        let what = "complete a claim in";
        self.put(what, ticket, DONE, self.remember_for).await
    }

    async fn release(&self, ticket: &Ticket) -> Result<(), RedisDeduperError> {
        let script = RELEASE.arg(ticket.token().to_string());
        self.run("release a claim in", script, ticket.key()).await
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.hold_for)
    }

    async fn renew(&self, ticket: &Ticket) -> Result<bool, RedisDeduperError> {
        let token = ticket.token().to_string();
        self.put("renew a claim in", ticket, &token, self.hold_for)
            .await
    }
}

/// Without the address, which may contain a password.
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

/// Converts a time to live to what Redis accepts: whole milliseconds, and not 0.
fn millis(duration: Duration) -> i64 {
    // Redis adds it to the time of day, and refuses what overflows.
    let longest = i64::MAX / 2;
    i64::try_from(duration.as_millis()).map_or(longest, |millis| millis.clamp(1, longest))
}

/// Why a call of [`RedisDeduper`] failed. The source is the error of Redis, or of the connection to it.
#[derive(Debug)]
pub struct RedisDeduperError {
    what: &'static str,
    source: RedisError,
}

impl RedisDeduperError {
    /// What to do about it, where the error is one of configuration.
    fn hint(&self) -> Option<&'static str> {
        Some(match (self.source.kind(), self.source.code()) {
            (ErrorKind::InvalidClientConfig, _)
            | (_, Some("MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN")) => {
                "it is a node of a Redis Cluster, which is not supported: use a single Redis, or one with replicas"
            }
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
                "it requires another user or password: put them into the address, as in redis://user:password@host/"
            }
            (_, Some("NOPERM")) => {
                "the user may not run the scripts: allow EVAL, EVALSHA, SCRIPT LOAD, GET, SET and DEL on the prefix"
            }
            (_, Some("READONLY")) => "it is a read-only replica: connect to the primary",
            _ => return None,
        })
    }
}

impl fmt::Display for RedisDeduperError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "could not {} Redis", self.what)?;
        match self.hint() {
            Some(hint) => write!(formatter, ": {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RedisDeduperError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
