//! Making clients: what is accepted, what is refused, what is printed.

use std::time::Duration;

use crate::support::{CHAT_ID, create_chat_body};
use linq_client::{Client, DEFAULT_BASE_URL, Error};
use linq_testing::API_KEY;
use linq_testing::responses::NO_CHATS;
use linq_testing::server::{Server, Step};

#[test]
fn a_client_takes_an_address_and_a_key() -> Result<(), Error> {
    let client = linq_client::Client::new("https://api.linqapp.com/api/partner", "api key")?;
    assert_eq!(client.base_url(), DEFAULT_BASE_URL);
    Ok(())
}

#[test]
fn clients_and_errors_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    fn sent<T: Send>(_: T) {}
    anywhere::<Client>();
    anywhere::<linq_client::ClientBuilder>();
    anywhere::<Error>();
    anywhere::<linq_client::TransportError>();
    let client = Client::new(DEFAULT_BASE_URL, API_KEY).expect("both are valid");
    sent(client.get_chat().chat_id(CHAT_ID).send());
    sent(client.list_chats().send());
    sent(client.create_chat().send());
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn bad_base_urls_are_refused_and_not_printed() {
    let bad = [
        "",
        "api.linqapp.com",
        "ftp://secret-host/",
        "file:///secret-host",
        "https://secret-host/?a=1",
        "https://secret-host/#a",
        "https://",
        "https://secret-host.com/api/partner/v3",
        "https://secret-host.com/v3//",
        "http://secret-host.com/api/partner",
    ];
    for url in bad {
        let error = Client::new(url, API_KEY).expect_err(url);
        assert!(
            error.is_configuration() && !error.is_invalid_request(),
            "{url}"
        );
        assert!(error.operation().is_none() && error.status().is_none());
        let printed = format!("{error} {error:?}");
        assert!(
            !printed.contains("secret-host") && !printed.contains(API_KEY),
            "{printed}"
        );
    }
}

#[test]
fn bad_keys_are_refused_and_not_printed() {
    for key in [
        "",
        "secret\n",
        "secret\u{0}",
        "sécret",
        "  ",
        "secret\u{7f}",
    ] {
        let error = Client::new(DEFAULT_BASE_URL, key).expect_err(key);
        assert!(error.is_configuration());
        let printed = format!("{error} {error:?}");
        assert!(
            !printed.contains("secret") && !printed.contains("cret"),
            "{printed}"
        );
        assert!(printed.contains("API key"), "{printed}");
    }
    assert!(
        Client::builder()
            .build()
            .expect_err("there is no default key")
            .is_configuration()
    );
}

#[test]
fn a_suffix_that_no_header_carries_is_refused() {
    let builder = Client::builder()
        .api_key(API_KEY)
        .user_agent_suffix("a\r\nb: c");
    assert!(
        builder
            .build()
            .expect_err("a line break")
            .is_configuration()
    );
}

#[test]
fn debug_shows_the_address_and_no_secret() {
    let url = "https://user:password@example.com/api/";
    let builder = Client::builder().base_url(url).api_key(API_KEY);
    let client = builder.clone().build().expect("both are valid");
    for printed in [format!("{builder:?}"), format!("{client:?}")] {
        assert!(printed.contains("https://example.com/api"), "{printed}");
        for secret in ["user:", "password", API_KEY] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

#[tokio::test]
async fn slashes_at_the_end_of_the_base_url_make_no_difference() {
    for slashes in ["", "/", "//"] {
        let server = Server::start([Step::bare(200, NO_CHATS)]).await;
        let client = Client::new(&(server.base_url() + slashes), API_KEY).expect("both are valid");
        client.list_chats().send().await.expect("a page");
        assert_eq!(server.only_request().line(), "GET /api/partner/v3/chats");
    }
}

#[tokio::test]
async fn a_base_url_without_a_path_works() {
    let server = Server::start([Step::bare(200, NO_CHATS)]).await;
    let base_url = server.base_url().replace("/api/partner", "");
    let client = Client::new(&base_url, API_KEY).expect("both are valid");
    client.list_chats().send().await.expect("a page");
    assert_eq!(server.only_request().target, "/v3/chats");
}

#[tokio::test]
async fn clones_share_settings() {
    let server = Server::start([Step::bare(200, NO_CHATS)]).await;
    let client = Client::new(&server.base_url(), API_KEY)
        .expect("both are valid")
        .clone();
    client.list_chats().send().await.expect("a page");
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn https_speaks_tls() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client connects");
        let first = stream.read_u8().await.expect("the client speaks first");
        stream
            .write_all(b"HTTP/1.1 400 No TLS here\r\n\r\n")
            .await
            .expect("the client reads");
        first
    });
    let client = Client::new(&format!("https://{address}"), API_KEY).expect("both are valid");
    let error = client
        .list_chats()
        .send()
        .await
        .expect_err("the server has no TLS");
    assert!(error.is_connect() && !error.is_timeout());
    // The type of a TLS handshake record.
    assert_eq!(server.await.expect("a client came"), 22);
}

#[test]
fn a_base_url_with_v3_is_refused_with_a_hint() {
    let url = format!("{DEFAULT_BASE_URL}/v3/");
    let error = Client::new(&url, API_KEY).expect_err("requests would go to /v3/v3");
    let message = error.to_string();
    assert!(message.contains("must not end in `/v3`"), "{message}");
    assert!(message.contains(DEFAULT_BASE_URL), "{message}");
    Client::new("https://example.com/api-v3", API_KEY).expect("another path");
}

#[test]
fn plain_http_is_for_private_hosts_and_those_that_are_allowed() {
    for host in [
        "localhost",
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.7",
        "172.16.3.1",
        "192.168.1.4",
        "169.254.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "[::1]",
        "[fd00::7]",
        "[fe80::1]",
        "[::ffff:10.0.0.7]",
        "linq-sim",
        "api.localhost",
        "sim.default.svc.cluster.local",
        "host.docker.internal",
        "LINQ.test.",
    ] {
        let url = format!("http://{host}:4010/api/partner");
        assert!(Client::new(&url, API_KEY).is_ok(), "{host}");
    }
    for host in [
        "api.linqapp.com",
        "example.com",
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "[2001:4860:4860::8888]",
        "[::ffff:8.8.8.8]",
        "localhost.example.com",
        "127.0.0.1.example.com",
    ] {
        let url = format!("http://{host}/api/partner");
        let error = Client::new(&url, API_KEY).expect_err(host);
        assert!(error.to_string().contains("allow_http_to"), "{error}");
        assert!(
            Client::new(&url.replace("http:", "https:"), API_KEY).is_ok(),
            "{host}"
        );
        let builder = Client::builder().api_key(API_KEY).base_url(url);
        assert!(
            builder.clone().allow_http_to(host).build().is_ok(),
            "{host}"
        );
        assert!(
            builder.allow_http_to("other.example").build().is_err(),
            "{host}"
        );
    }
}

#[test]
fn settings_of_zero_are_refused() {
    let builder = || Client::builder().api_key(API_KEY);
    for builder in [
        builder().timeout(Duration::ZERO),
        builder().connect_timeout(Duration::ZERO),
        builder().response_limit(0),
    ] {
        let error = builder.build().expect_err("zero");
        assert!(
            error.is_configuration() && error.to_string().contains("zero"),
            "{error}"
        );
    }
}

#[test]
fn debug_of_builders_shows_no_parameter() {
    let client = Client::new(DEFAULT_BASE_URL, API_KEY).expect("both are valid");
    let shown = [
        format!(
            "{:?}",
            client
                .list_chats()
                .from("+12025550100")
                .to("ann@example.com")
        ),
        format!("{:?}", client.create_chat().body(create_chat_body())),
        format!(
            "{:?}",
            client.create_chat().body(create_chat_body()).prepare()
        ),
        format!("{:?}", client.get_chat().chat_id(CHAT_ID).prepare()),
    ];
    for shown in shown {
        for private in ["202555", "ann@", "Hello", "3f6a1c52", API_KEY] {
            assert!(!shown.contains(private), "{shown}");
        }
    }
}
