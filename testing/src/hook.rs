//! What a client has to do itself: connections that are refused.

use std::sync::{Arc, Mutex};

use linq_client::{BoxFuture, Hook, Next, Request, Response, TransportError};

use crate::server::{ClosedPort, Server};

/// A hook inside the retries that makes [`Step::Refused`](crate::server::Step::Refused) happen and records the status of each response.
#[derive(Clone, Debug)]
pub struct Refusals {
    server: Server,
    closed: Arc<ClosedPort>,
    statuses: Arc<Mutex<Vec<Option<u16>>>>,
}

impl Refusals {
    /// Creates the hook for the clients of a server.
    pub fn of(server: &Server) -> Self {
        Self {
            server: server.clone(),
            closed: Arc::default(),
            statuses: Arc::default(),
        }
    }

    /// Returns the status that each attempt came back with.
    ///
    /// # Panics
    ///
    /// If a client has panicked.
    pub fn statuses(&self) -> Vec<Option<u16>> {
        self.statuses.lock().expect("no panic").clone()
    }
}

impl Hook for Refusals {
    fn call<'a>(
        &'a self,
        mut request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        if self.server.refuses() {
            let port = Some(self.closed.port());
            request
                .url_mut()
                .set_port(port)
                .expect("the URL has a host");
        }
        Box::pin(async move {
            let result = next.run(request).await;
            let response = match &result {
                Ok(response) => Some(response),
                Err(error) => error.response(),
            };
            let status = response.map(|response| response.status().as_u16());
            self.statuses.lock().expect("no panic").push(status);
            result
        })
    }
}
