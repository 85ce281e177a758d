//! Lines, contact cards, blocked handles, capability checks.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Outcome, World, shown};
use crate::error::ApiError;

/// A phone number of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) phone_number: String,
    pub(crate) forwarding_number: Option<String>,
}

impl World {
    /// Adds a line, unless it is there.
    pub(crate) fn add_line(&mut self, phone_number: &str) {
        if self.line(phone_number).is_none() {
            let id = self.id();
            self.lines.push(Line {
                id,
                phone_number: phone_number.to_owned(),
                forwarding_number: None,
            });
        }
    }

    /// Returns the line with a number.
    pub(crate) fn line(&self, phone_number: &str) -> Option<&Line> {
        self.lines
            .iter()
            .find(|line| line.phone_number == phone_number)
    }

    /// Fails unless a number is a line of the account.
    pub(crate) fn own_line(&self, phone_number: &str) -> Result<(), ApiError> {
        match self.line(phone_number) {
            Some(_) => Ok(()),
            None => Err(ApiError::new(
                403,
                2006,
                "`from` is not a line of this account",
            )),
        }
    }

    pub(crate) fn list_lines(&mut self, call: &Call<'_>) -> Outcome {
        let is_old = call.operation.id.ends_with("Deprecated");
        let lines: Vec<Value> = self.lines.iter().map(|line| match is_old {
            true => json!({
                "id": line.id, "phone_number": line.phone_number, "type": null,
                "capabilities": { "sms": true, "mms": true, "voice": false },
            }),
            false => json!({
                "id": line.id, "phone_number": line.phone_number, "line_type": "iMessage",
                "reputation": { "status": "HEALTHY", "doc_url": "https://docs.linqapp.com/reputation" },
                "forwarding_number": line.forwarding_number,
            }),
        }).collect();
        Ok(call.reply(json!({ "phone_numbers": lines })))
    }

    pub(crate) fn update_line(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.parameter("phoneNumberId");
        let Some(line) = self.lines.iter_mut().find(|line| line.id == id) else {
            return Err(ApiError::new(404, 2019, "no line has this id"));
        };
        line.forwarding_number = call.text("forwarding_number").map(str::to_owned);
        Ok(call.reply(json!({
            "id": line.id, "phone_number": line.phone_number, "forwarding_number": line.forwarding_number,
        })))
    }

    pub(crate) fn available_number(&mut self, call: &Call<'_>) -> Outcome {
        let excluded = &call
            .valid
            .query
            .get("exclude_from")
            .cloned()
            .unwrap_or_default();
        let is_excluded = |number: &str| {
            excluded
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == number))
        };
        let free = self
            .lines
            .iter()
            .find(|line| !is_excluded(&line.phone_number));
        match free {
            Some(line) => Ok(call.reply(json!({
                "phone_number": line.phone_number,
                "vcf_url": format!("{}/_files/contact.vcf", self.settings.origin),
            }))),
            None => Err(ApiError::new(400, 1005, "every line is excluded")),
        }
    }

    pub(crate) fn check_capability(&mut self, call: &Call<'_>) -> Outcome {
        let is_rcs = call.operation.id == "checkRcsCapability";
        let address = call.text("address").unwrap_or_default();
        if let Some(from) = call.text("from") {
            self.own_line(from)?;
        }
        let Some(handle) = super::people::normalized(address) else {
            return Err(ApiError::new(
                400,
                1002,
                "`address` is neither a number in E.164 form nor an e-mail address",
            ));
        };
        if is_rcs && handle.contains('@') {
            return Err(ApiError::new(400, 1005, "RCS needs a phone number"));
        }
        self.limit(format!("{} {handle}", call.operation.id), 1, 10)?;
        let person = self.person(&handle);
        let is_available = if is_rcs {
            person.has_rcs
        } else {
            person.has_imessage
        };
        let mut body = json!({ "address": address, "available": is_available });
        if is_available {
            body["selected_service"] = if is_rcs { "RCS" } else { "iMessage" }.into();
        } else {
            body["reason"] = "not_supported".into();
        }
        Ok(call.reply(body))
    }

    pub(crate) fn get_contact_card(&mut self, call: &Call<'_>) -> Outcome {
        let wanted = call.valid.query.get("phone_number").and_then(Value::as_str);
        let cards = self.contact_cards.iter();
        let cards: Vec<&Value> = cards
            .filter(|(number, _)| wanted.is_none_or(|wanted| wanted == number.as_str()))
            .map(|(_, card)| card)
            .collect();
        Ok(call.reply(json!({ "contact_cards": cards })))
    }

    pub(crate) fn set_contact_card(&mut self, call: &Call<'_>) -> Outcome {
        let number = call.text("phone_number").unwrap_or_default().to_owned();
        self.own_line(&number)?;
        if self.contact_cards.contains_key(&number) {
            return Err(ApiError::new(
                409,
                2014,
                "the line has a contact card; change it with PATCH",
            ));
        }
        self.limit(format!("contact_card {number}"), 3, 600)?;
        let mut card = call.valid.body.clone();
        card["is_active"] = true.into();
        self.contact_cards.insert(number.clone(), card.clone());
        let data = json!({ "phone_number": number });
        self.emit_account("contact_card.created", data);
        Ok(call.reply(card))
    }

    pub(crate) fn update_contact_card(&mut self, call: &Call<'_>) -> Outcome {
        let number = call
            .valid
            .query
            .get("phone_number")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        self.own_line(&number)?;
        self.limit(format!("contact_card {number}"), 3, 600)?;
        let Some(card) = self.contact_cards.get_mut(&number) else {
            return Err(ApiError::new(404, 2012, "the line has no contact card"));
        };
        for (name, value) in call.valid.body.as_object().into_iter().flatten() {
            card[name] = value.clone();
        }
        let card = card.clone();
        self.emit_account("contact_card.updated", json!({ "phone_number": number }));
        Ok(call.reply(card))
    }

    pub(crate) fn list_blocked(&mut self, call: &Call<'_>) -> Outcome {
        let all: Vec<&Value> = self.blocked.values().collect();
        Ok(call.reply(json!({ "blocked_handles": all })))
    }

    pub(crate) fn block(&mut self, call: &Call<'_>) -> Outcome {
        let handle = self.handle(call.text("handle").unwrap_or_default())?;
        let blocked_at = shown(self.now());
        let entry = self.blocked.entry(handle.clone()).or_insert_with(|| {
            json!({
                "handle": handle, "blocked_at": blocked_at,
            })
        });
        if let Some(reason) = call.text("reason") {
            entry["reason"] = reason.into();
        }
        Ok(call.reply(json!({ "blocked_handle": entry })))
    }

    pub(crate) fn unblock(&mut self, call: &Call<'_>) -> Outcome {
        let handle = self.handle(call.text("handle").unwrap_or_default())?;
        self.blocked.remove(&handle);
        Ok(call.empty())
    }
}
