//! Making clients: what is accepted, what is refused, what is printed.

use crate::support::CHAT_ID;
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
    for printed in [
        format!("{builder:?}"),
        format!("{client:?}"),
        format!("{:?}", client.list_chats()),
    ] {
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
