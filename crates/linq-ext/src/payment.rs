//! Payment requests, which people pay themselves, and payments with a card they connected.

use linq_client::operations::{
    CANCEL_PAYMENT_REQUEST, CONNECT_PAYMENT_HANDLE, CREATE_PAYMENT, GET_PAYMENT_HANDLE_CONNECTION,
    GET_PAYMENT_REQUEST, REVOKE_PAYMENT_HANDLE_CONNECTION, VERIFY_PAYMENT_HANDLE,
};
use linq_types::{
    ConnectPaymentProviderRequest, ConnectPaymentProviderResult, Payment, PaymentCreateRequest,
    PaymentCredentialsResponse, PaymentHandleConnection, PaymentProvider, PaymentRequest,
    PaymentRequestCreateRequest, VerifyPaymentHandleRequest,
};

use crate::chat_client::checked_handle;
use crate::id::{IntoId, checked};
use crate::{Call, Linq};

/// Payment requests: send their `checkout_url` to whoever shall pay.
impl Linq {
    /// Makes a payment request, once for each key; `payment.*` events tell the outcome.
    ///
    /// `POST /v3/payment_requests`
    pub fn create_payment_request(
        &self,
        request: PaymentRequestCreateRequest,
    ) -> Call<PaymentRequest> {
        Call::new(self, |client| {
            client.create_payment_request().body(request).prepare()
        })
    }

    /// A payment request, with its state.
    ///
    /// `GET /v3/payment_requests/{paymentRequestId}`
    pub fn get_payment_request(&self, id: impl IntoId) -> Call<PaymentRequest> {
        let id = checked("payment request", id.into_id());
        Call::prepared(self, &GET_PAYMENT_REQUEST, id, |client, id| {
            client
                .get_payment_request()
                .payment_request_id(id)
                .prepare()
        })
    }

    /// Calls a payment request off, so that it cannot be paid. Where its state forbids that, it answers 409.
    ///
    /// `POST /v3/payment_requests/{paymentRequestId}/cancel`
    pub fn cancel_payment_request(&self, id: impl IntoId) -> Call<PaymentRequest> {
        let id = checked("payment request", id.into_id());
        Call::prepared(self, &CANCEL_PAYMENT_REQUEST, id, |client, id| {
            client
                .cancel_payment_request()
                .payment_request_id(id)
                .prepare()
        })
    }
}

/// Payments with a card that a person connected.
impl Linq {
    /// Begins a payment. Its `status` says what comes next.
    ///
    /// A key goes with it; that the API heeds it here stands in the vendor's guide alone, so
    /// [look](Self::get_payment) after an unclear failure.
    ///
    /// `POST /v3/payments`
    pub fn create_payment(&self, payment: PaymentCreateRequest) -> Call<Payment> {
        let checked = checked_handle(payment.handle.as_str()).map(|_| payment);
        Call::prepared(self, &CREATE_PAYMENT, checked, |client, payment| {
            client.create_payment().body(payment).prepare()
        })
    }

    /// A payment, with its state.
    ///
    /// `GET /v3/payments/{paymentId}`
    pub fn get_payment(&self, id: impl Into<String>) -> Call<Payment> {
        let id = id.into();
        Call::new(self, |client| client.get_payment().payment_id(id).prepare())
    }

    /// Calls a payment off that is not finished. Where its state forbids that, it answers 409.
    ///
    /// `POST /v3/payments/{paymentId}/cancel`
    pub fn cancel_payment(&self, id: impl Into<String>) -> Call<Payment> {
        let id = id.into();
        Call::new(self, |client| {
            client.cancel_payment().payment_id(id).prepare()
        })
    }

    /// Where and with what the card for a payment is fetched, once its status is `ready`. Keep it out of logs.
    ///
    /// `GET /v3/payments/{paymentId}/credentials`
    pub fn get_payment_credentials(
        &self,
        id: impl Into<String>,
    ) -> Call<PaymentCredentialsResponse> {
        let id = id.into();
        Call::new(self, |client| {
            client.get_payment_credentials().payment_id(id).prepare()
        })
    }
}

/// Connections of people's handles, and of payment providers.
impl Linq {
    /// Begins to connect a handle: the person is sent a code for
    /// [`verify_payment_handle`](Self::verify_payment_handle).
    ///
    /// `POST /v3/payments/handles/{handle}/connect`
    pub fn connect_payment_handle(
        &self,
        handle: impl Into<String>,
    ) -> Call<PaymentHandleConnection> {
        let handle = checked_handle(handle);
        Call::prepared(self, &CONNECT_PAYMENT_HANDLE, handle, |client, handle| {
            client.connect_payment_handle().handle(handle).prepare()
        })
    }

    /// Completes a connection with the `connect_id` of its beginning and the code that the person was sent.
    ///
    /// `POST /v3/payments/handles/{handle}/verify`
    pub fn verify_payment_handle(
        &self,
        handle: impl Into<String>,
        connect_id: impl Into<String>,
        code: impl Into<String>,
    ) -> Call<PaymentHandleConnection> {
        let proof = VerifyPaymentHandleRequest::new(connect_id, code);
        let input = checked_handle(handle).map(|handle| (handle, proof));
        Call::prepared(
            self,
            &VERIFY_PAYMENT_HANDLE,
            input,
            |client, (handle, proof)| {
                client
                    .verify_payment_handle()
                    .handle(handle)
                    .body(proof)
                    .prepare()
            },
        )
    }

    /// Whether payments can be made for a handle.
    ///
    /// `GET /v3/payments/handles/{handle}/connection`
    pub fn get_payment_handle_connection(
        &self,
        handle: impl Into<String>,
    ) -> Call<PaymentHandleConnection> {
        let handle = checked_handle(handle);
        Call::prepared(
            self,
            &GET_PAYMENT_HANDLE_CONNECTION,
            handle,
            |client, handle| {
                client
                    .get_payment_handle_connection()
                    .handle(handle)
                    .prepare()
            },
        )
    }

    /// Withdraws the connection of a handle.
    ///
    /// `DELETE /v3/payments/handles/{handle}/connection`
    pub fn revoke_payment_handle_connection(
        &self,
        handle: impl Into<String>,
    ) -> Call<PaymentHandleConnection> {
        let handle = checked_handle(handle);
        Call::prepared(
            self,
            &REVOKE_PAYMENT_HANDLE_CONNECTION,
            handle,
            |client, handle| {
                client
                    .revoke_payment_handle_connection()
                    .handle(handle)
                    .prepare()
            },
        )
    }

    /// How far the account at a payment provider has come.
    ///
    /// `GET /v3/payments/providers/{provider}`
    pub fn get_payment_provider(&self, provider: impl Into<String>) -> Call<PaymentProvider> {
        let provider = provider.into();
        Call::new(self, |client| {
            client.get_payment_provider().provider(provider).prepare()
        })
    }

    /// Begins a session at a payment provider: open its `hosted_url` in a browser, which comes back to the
    /// `return_url`.
    ///
    /// `POST /v3/payments/providers/{provider}/connect`
    pub fn connect_payment_provider(
        &self,
        provider: impl Into<String>,
        return_url: impl Into<String>,
    ) -> Call<ConnectPaymentProviderResult> {
        let provider = provider.into();
        let body = ConnectPaymentProviderRequest::new(return_url);
        Call::new(self, |client| {
            client
                .connect_payment_provider()
                .provider(provider)
                .body(body)
                .prepare()
        })
    }
}
