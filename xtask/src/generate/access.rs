//! Stage 6, lower, for access. In: servers and security. Out: where the API is served and how
//! requests prove who sends them, as far as linq-client can do it.
//!
//! linq-client sends every request to one address, with its API key as a bearer token. What asks
//! for more is a loss, unless the document accepts it.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::accept::Loss;
use super::check::{Place, target};
use super::json_schema::text;
use super::schemas::context::Lowering;
use crate::pointer::child;

/// The addresses at which the document says that the API is served, the default one first.
pub fn servers(lowering: &mut Lowering<'_>) -> Vec<String> {
    let servers = list(lowering.root, "servers");
    let mut addresses: Vec<String> = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let pointer = format!("#/servers/{index}");
        let address = address(server);
        if let Err(what) = is_address(&address) {
            let help = "write the whole address into `url` with the overlay, such as \
                        `https://api.example.com/v1`";
            lowering.refuse(&child(&pointer, "url"), what, help);
            continue;
        }
        if addresses.contains(&address) {
            continue;
        }
        if let Some(first) = addresses.first() {
            let what =
                format!("the default base URL is `{first}`; `{address}` has to be set by hand");
            lowering.lose(Loss::Server, &pointer, &what);
        } else if text(server.get("url")).contains('{') {
            let what = format!(
                "the default base URL is `{address}`; other values of its variables have to be set by hand"
            );
            lowering.lose(Loss::Server, &pointer, &what);
        }
        addresses.push(address);
    }
    addresses
}

/// The addresses of one operation, where they are not those of the API.
pub fn servers_of(
    lowering: &mut Lowering<'_>,
    place: &Place<'_>,
    of_api: &[String],
) -> Vec<String> {
    let own = list(place.operation, "servers");
    let servers = if own.is_empty() {
        list(place.item, "servers")
    } else {
        own
    };
    let addresses: Vec<String> = servers.iter().map(address).collect();
    if addresses.is_empty() || addresses == of_api {
        return Vec::new();
    }
    let what = format!(
        "it is served at `{}`, and linq-client has one base URL for all operations",
        addresses.join("`, `")
    );
    lowering.lose(Loss::Server, &place.pointer, &what);
    addresses
}

fn list<'v>(holder: &'v Value, key: &str) -> &'v [Value] {
    let list = holder.get(key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// The address of a server, its variables at their defaults.
fn address(server: &Value) -> String {
    let mut address = text(server.get("url"));
    let variables = server.get("variables").and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        if let Some(default) = variable.get("default").and_then(Value::as_str) {
            address = address.replace(&format!("{{{name}}}"), default);
        }
    }
    address.trim_end_matches('/').to_owned()
}

/// Whether requests can be sent to an address, or why not.
fn is_address(address: &str) -> Result<(), String> {
    let refused = |what: &str| Err(format!("`{address}` {what}"));
    let lower = address.to_ascii_lowercase();
    let schemes = ["https://", "http://"];
    let Some(scheme) = schemes.iter().find(|scheme| lower.starts_with(**scheme)) else {
        return refused("is not an absolute http or https URL");
    };
    if address.contains(['{', '}']) {
        return refused("has a variable without a default");
    }
    if address.contains(['?', '#', '@', '\\', '<', '>', '"', '^', '`', '|', '%'])
        || !address.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return refused("has characters that a base URL cannot have");
    }
    let authority = address[scheme.len()..].split('/').next();
    let (host, port) = authority
        .map(|authority| authority.split_once(':').unwrap_or((authority, "1")))
        .unwrap_or_default();
    let is_host = |host: &str| {
        let mut labels = host.split('.');
        labels.all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    };
    let is_number = |label: &str| label.starts_with(|c: char| c.is_ascii_digit());
    let is_ip = host.rsplit('.').next().is_some_and(is_number);
    if !is_host(host)
        || (is_ip && host.parse::<Ipv4Addr>().is_err())
        || port.parse::<u16>().is_err()
    {
        return refused("has no host, or a port that is not a number");
    }
    Ok(())
}

/// The ways in which an operation lets requests prove who sends them, in words, one for each
/// alternative; none where the document says nothing of it.
pub fn security(lowering: &mut Lowering<'_>, place: &Place<'_>) -> Vec<String> {
    let own = place.operation.get("security");
    let (security, holder) = match own {
        Some(_) => (own, place.pointer.as_str()),
        None => (lowering.root.get("security"), "#"),
    };
    let Some(alternatives) = security.and_then(Value::as_array) else {
        return Vec::new();
    };
    let at = child(holder, "security");
    let mut ways = Vec::new();
    let mut is_met = false;
    for (index, alternative) in alternatives.iter().enumerate() {
        let schemes = alternative.as_object();
        let at = format!("{at}/{index}");
        let found: Vec<Way> = schemes
            .into_iter()
            .flatten()
            .filter_map(|(name, scopes)| way(lowering, name, scopes, &at))
            .collect();
        // What is unknown is a problem already.
        let is_known = Some(found.len()) == schemes.map(Map::len);
        is_met |= !is_known || (!found.is_empty() && found.iter().all(|way| way.is_bearer));
        let words: Vec<String> = found.into_iter().map(|way| way.words).collect();
        ways.push(if words.is_empty() {
            NOTHING.to_owned()
        } else {
            words.join(" and ")
        });
    }
    if ways.is_empty() {
        ways.push(NOTHING.to_owned());
    }
    if !is_met {
        let what = format!(
            "requests are to carry {}, and linq-client sends its API key as a bearer token",
            ways.join(" or ")
        );
        lowering.lose(Loss::Security, holder, &what);
    }
    ways
}

/// What requests carry where nothing is asked of them.
const NOTHING: &str = "no credentials";

/// How a request proves who sends it.
struct Way {
    words: String,
    is_bearer: bool,
}

/// What a scheme asks of requests.
fn way(lowering: &mut Lowering<'_>, name: &str, scopes: &Value, at: &str) -> Option<Way> {
    let schemes = lowering.root.pointer("/components/securitySchemes");
    let scheme = schemes.and_then(Value::as_object).and_then(|s| s.get(name));
    let Some(scheme) = scheme.map(|scheme| target(lowering.root, scheme)) else {
        let what = format!("there is no security scheme `{name}`");
        let help = "add it to `components.securitySchemes`, or correct the name";
        lowering.refuse(&child(at, name), what, help);
        return None;
    };
    let said = |key: &str| text(scheme.get(key));
    let kind = said("scheme").to_ascii_lowercase();
    let is_bearer = said("type") == "http" && kind == "bearer";
    let mut words = match said("type").as_str() {
        "http" if is_bearer => "a bearer token".to_owned(),
        "http" => format!("credentials of the HTTP scheme `{kind}`"),
        "apiKey" => format!("an API key in the {} `{}`", said("in"), said("name")),
        "oauth2" => "an OAuth 2 token".to_owned(),
        "openIdConnect" => "an OpenID Connect token".to_owned(),
        "mutualTLS" => "a client certificate".to_owned(),
        other => format!("credentials of the unknown type `{other}`"),
    };
    let scopes: Vec<&str> = scopes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !scopes.is_empty() {
        words.push_str(&format!(" with {}", scopes.join(", ")));
    }
    Some(Way { words, is_bearer })
}
