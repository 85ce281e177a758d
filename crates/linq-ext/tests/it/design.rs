//! The contract of names: what stands in the design compiles as it stands, and travels between threads.

use futures_util::Stream;
use linq_ext::Error;
use linq_testing::responses::ID;
use linq_testing::server::Server;
use uuid::Uuid;

/// The snippet of the client. It is never polled here, since it reads the environment and calls the API.
#[allow(unused_must_use, reason = "it stands like that in the design")]
#[rustfmt::skip]
async fn snippet(chat_id: Uuid, message_id: Uuid) -> Result<(), Error> {
    use linq_ext::Linq;
    let linq = Linq::from_env()?;
    drop(linq);
    let linq = Linq::builder()
        .api_key("…")
        .base_url("http://127.0.0.1:4010")
        .max_retries(2)
        .build()?;
    linq.create_chat("+12025550100", ["+12025550101"])
        .text("Hello")
        .send()
        .await?;
    linq.chat(chat_id)
        .message()
        .text("Hi")
        .reply_to(message_id)
        .send()
        .await?;
    let chats = linq.list_chats().from("+12025550100").page_size(50).stream();
    let messages = linq.chat(chat_id).messages().stream();
    let thread = linq.message(message_id).thread().stream();
    drop((travels_unpinned(chats), travels_unpinned(messages), travels_unpinned(thread)));
    let attachment = linq.upload_path("photo.jpg").await?;
    drop(attachment);
    linq.api();
    Ok(())
}

/// A stream that a task can own, and that is read without pinning it.
fn travels_unpinned<S: Stream + Send + Unpin + 'static>(stream: S) -> S {
    stream
}

/// The same for the generated client.
async fn generated(id: Uuid) -> Result<(), Box<dyn std::error::Error>> {
    use linq_ext::client as linq_client;
    let client = linq_client::Client::new("https://api.linqapp.com/api/partner", "api key")?;
    let chat = client.get_chat().chat_id(id).send().await?;
    drop(chat);
    Ok(())
}

fn travels<T: Send + 'static>(value: T) -> T {
    value
}

#[test]
fn the_snippets_compile_and_their_futures_travel() {
    drop(travels(snippet(Uuid::nil(), Uuid::nil())));
    drop(generated(Uuid::nil()));
}

/// Whatever is made with a handle outlives handle and client, and can be sent from another task.
#[tokio::test(flavor = "multi_thread")]
async fn builders_own_what_they_need() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start([]).await;
    let linq = linq_ext::Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .build()?;
    let chat = linq.chat(ID);
    let reply = travels(chat.reply(ID).text("Hi"));
    let new = travels(
        linq.create_chat("+12025550100", ["+12025550101"])
            .text("Hello"),
    );
    let best = travels(linq.send_to(["+12025550101"]).text("Hello"));
    let typing = travels(chat.start_typing());
    let number = travels(linq.call(linq.api().get_available_number()));
    travels((linq.message(ID), linq.line("+12025550100")));
    drop((chat, linq));

    let tasks = [
        tokio::spawn(async move { reply.await.map(drop) }),
        tokio::spawn(async move { new.send().await.map(drop) }),
        tokio::spawn(async move { best.send_with_response().await.map(drop) }),
        tokio::spawn(typing.into_future()),
        tokio::spawn(async move { number.await.map(drop) }),
    ];
    for task in tasks {
        task.await??;
    }
    assert_eq!(server.requests().len(), 5);
    Ok(())
}
