// Pusher's server library for Node. Arguments: port, app id, key, secret, channel suffix; on standard
// input one line with a webhook that was received: {headers, body}.
// Each line of output is one thing that happened, as JSON.
const { createInterface } = require("node:readline");
const Pusher = require("pusher");

const [port, appId, key, secret, suffix] = process.argv.slice(2);
const say = (what, value = null) => console.log(JSON.stringify([what, value]));
const pusher = new Pusher({ appId, key, secret, host: "127.0.0.1", port, useTLS: false });

async function main() {
  const triggered = await pusher.trigger([`room-${suffix}`, `cache-${suffix}`], "news", { title: "Grüße" }, { info: "subscription_count" });
  say("triggered", await triggered.json());
  const batch = await pusher.triggerBatch([
    { channel: `room-${suffix}`, name: "first", data: { n: 1 }, info: "subscription_count" },
    { channel: `other-${suffix}`, name: "second", data: { n: 2 } },
  ]);
  say("batch", await batch.json());
  const channels = await pusher.get({ path: "/channels", params: { filter_by_prefix: `room-${suffix}` } });
  say("channels", await channels.json());
  const cached = await pusher.get({ path: `/channels/cache-${suffix}`, params: { info: "cache" } });
  say("cached", (await cached.json()).cache.data);
  const users = await pusher.get({ path: `/channels/presence-${suffix}/users` });
  say("users", await users.json());
  const refused = await pusher.trigger(`room-${suffix}`, "large", "x".repeat(10_241)).catch((error) => error);
  say("too large", refused.status);
  say("terminated", (await pusher.terminateUserConnections(`ada-${suffix}`)).status);
  for await (const line of createInterface({ input: process.stdin })) {
    const { headers, body } = JSON.parse(line);
    const webhook = pusher.webhook({ headers, rawBody: body });
    const forged = pusher.webhook({ headers, rawBody: `${body} ` });
    say("webhook", [webhook.isValid(), webhook.getEvents(), forged.isValid()]);
  }
}

setTimeout(() => process.exit(3), 60_000).unref();
main();
