// Unwraps signed deliveries with the JavaScript SDK, and says how long it took.
//
// What comes back is the JSON with a type put on by a cast, so no type is right or wrong at run time.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [deliveriesFile, roundsText, modules] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const { default: Linq } = require("@linqapp/sdk");

const { secret, deliveries } = JSON.parse(readFileSync(deliveriesFile, "utf8"));
const rounds = Number(roundsText);
const { webhooks } = new Linq({ apiKey: "none", webhookSecret: secret });

const unwrapAll = (times) => {
  for (let round = 0; round < times; round++) {
    for (const { body, headers } of deliveries) {
      webhooks.unwrap(body, { headers });
    }
  }
};

// The compiler of the engine needs some rounds to get going.
unwrapAll(Math.ceil(rounds / 5));
const start = process.hrtime.bigint();
unwrapAll(rounds);
const nanoseconds = Number(process.hrtime.bigint() - start) / (rounds * deliveries.length);
console.log(JSON.stringify({ nanoseconds, right: null }));
