//! The servers that files are transferred to and from.

use linq_client::reqwest::Url;

use crate::Linq;

/// The host of the files that come with messages.
const CDN: &str = "cdn.linqapp.com";

/// True for `https`. `http` is for a client that uses it for the API too, as with a local test server.
pub(super) fn is_secure(linq: &Linq, url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => linq.api().base_url().starts_with("http:"),
        _ => false,
    }
}

/// The hosts that may be downloaded from.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    is_any: bool,
    /// Hosts in addition to the CDN, each with its port, or `None` for any port.
    more: Vec<(String, Option<u16>)>,
}

impl Hosts {
    pub(super) fn allow_any(&mut self) {
        self.is_any = true;
    }

    /// Allows a host: a name or an address, with or without a port.
    pub(super) fn allow(&mut self, host: &str) -> Result<(), &'static str> {
        let invalid = "a host to allow is a name or an address, with or without a port";
        // With an unknown scheme, the default port of a known one is not left out.
        let url = Url::parse(&format!("linq://{host}")).map_err(|_| invalid)?;
        let web = Url::parse(&format!("http://{host}")).map_err(|_| invalid)?;
        let is_bare = !host.contains(['/', '\\', '?', '#', '@']);
        match web.host_str() {
            Some(name) if is_bare => self.more.push((name.to_owned(), url.port())),
            _ => return Err(invalid),
        }
        Ok(())
    }

    /// Returns why an address may not be downloaded from.
    pub(super) fn check(&self, linq: &Linq, url: &Url) -> Result<(), &'static str> {
        if !is_secure(linq, url) {
            return Err("it is not an https address");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name or password");
        }
        let name = url.host_str().unwrap_or_default();
        let is_cdn = name == CDN && url.scheme() == "https" && url.port().is_none();
        let is_allowed = |(allowed, port): &(String, Option<u16>)| {
            allowed == name && port.is_none_or(|port| url.port_or_known_default() == Some(port))
        };
        if is_cdn || self.is_any || self.more.iter().any(is_allowed) {
            Ok(())
        } else {
            Err("its host is not allowed: only cdn.linqapp.com is, unless `allow_host` adds others")
        }
    }
}

#[cfg(test)]
mod tests {
    use linq_client::reqwest::Url;

    use super::Hosts;
    use crate::Linq;

    fn linq(base_url: &str) -> Linq {
        let builder = Linq::builder().api_key("key").base_url(base_url);
        builder.build().expect("all is valid")
    }

    fn is_allowed(hosts: &Hosts, url: &str) -> bool {
        let linq = linq("https://api.example.com");
        hosts.check(&linq, &Url::parse(url).expect("a URL")).is_ok()
    }

    #[test]
    fn only_the_cdn_by_https() {
        let hosts = Hosts::default();
        for url in [
            "https://cdn.linqapp.com/a",
            "https://CDN.linqapp.COM/a?b=c",
            "https://cdn.linqapp.com:443/a",
            "https:cdn.linqapp.com/a",
            r"https:\\cdn.linqapp.com\@evil.example",
            "https://cdn.linqapp.com/@evil.example",
            "https://cdn.linqapp.com#@evil.example",
        ] {
            assert!(is_allowed(&hosts, url), "{url}");
        }
        for url in [
            "http://cdn.linqapp.com/a",
            "https://cdn.linqapp.com.evil.example/a",
            "https://evil.example/cdn.linqapp.com",
            "https://evil.example?cdn.linqapp.com",
            "https://evilcdn.linqapp.com/a",
            "https://linqapp.com/a",
            "https://a.cdn.linqapp.com/a",
            "https://cdn.linqapp.com@evil.example/a",
            "https://cdn.linqapp.com:pass@evil.example/a",
            "https://user@cdn.linqapp.com/a",
            "https://:pass@cdn.linqapp.com/a",
            "https://cdn.linqapp.com./a",
            "https://cdn.linqapp.com:8443/a",
            "https://cdn.linqapp.com:80/a",
            "https://cdn.linqapp.com%00.evil/a",
            "https://cdn\u{3002}linqapp.com.evil.example/a",
            "https://127.0.0.1/a",
            "ftp://cdn.linqapp.com/a",
            "file:///cdn.linqapp.com",
            "data:,cdn.linqapp.com",
        ] {
            let Ok(url) = Url::parse(url) else { continue };
            assert!(!is_allowed(&hosts, url.as_str()), "{url}");
        }
    }

    #[test]
    fn others_when_told() {
        let mut hosts = Hosts::default();
        for host in [
            "Media.example.com",
            "files.example.com:8443",
            "web.example.com:80",
            "[::1]",
        ] {
            hosts.allow(host).expect("a host");
        }
        for url in [
            "https://media.example.com/a",
            "https://media.example.com:8443/a",
            "https://files.example.com:8443/a",
            "https://[::1]:9/a",
            "https://cdn.linqapp.com/a",
        ] {
            assert!(is_allowed(&hosts, url), "{url}");
        }
        for url in [
            "http://media.example.com/a",
            "https://files.example.com/a",
            "https://web.example.com/a",
            "https://user@media.example.com/a",
            "https://example.com/a",
        ] {
            assert!(!is_allowed(&hosts, url), "{url}");
        }
        for host in [
            "",
            "https://media.example.com",
            "a/b",
            "user@a",
            "a b",
            "a:99999",
            "a?b",
            "a#b",
        ] {
            assert!(hosts.allow(host).is_err(), "{host}");
        }
        hosts.allow_any();
        assert!(is_allowed(&hosts, "https://evil.example/a"));
        assert!(!is_allowed(&hosts, "http://evil.example/a"));
        assert!(!is_allowed(&hosts, "https://user@evil.example/a"));
    }

    #[test]
    fn a_client_of_a_local_server_may_do_without_tls() {
        let mut hosts = Hosts::default();
        hosts.allow("127.0.0.1").expect("a host");
        let linq = linq("http://127.0.0.1:4010");
        let check = |url| hosts.check(&linq, &Url::parse(url).expect("a URL"));
        assert!(check("http://127.0.0.1:4011/a").is_ok());
        assert!(check("http://cdn.linqapp.com/a").is_err());
    }
}
