// Signs and verifies what standard input says, by the official library for JavaScript.
const { readFileSync } = require("node:fs");
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

function answer(task) {
  const webhook = new Webhook(task.secret);
  if (task.do === "sign") {
    return webhook.sign(task.id, new Date(task.timestamp * 1000), task.body);
  }
  const headers = {
    "webhook-id": task.id,
    "webhook-timestamp": String(task.timestamp),
    "webhook-signature": task.signature,
  };
  try {
    webhook.verify(Buffer.from(task.body), headers);
    return "accepted";
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.message;
    throw error;
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0)).map(answer)));
