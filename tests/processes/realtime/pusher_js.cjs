// Pusher's own client for JavaScript under Node. Arguments: port, key, secret, channel suffix, master
// key of encrypted channels.
// Two clients go through the protocol; each line of output is one thing that happened, as JSON.
const { createHash, createHmac } = require("node:crypto");
const Pusher = require("pusher-js");

const [port, key, secret, suffix, masterKey] = process.argv.slice(2);
const say = (what, value = null) => console.log(JSON.stringify([what, value]));

function authorise(user) {
  return ({ socketId, channelName }, done) => {
    const member = { user_id: user, user_info: { name: user.toUpperCase() } };
    const data = channelName.startsWith("presence-") ? JSON.stringify(member) : undefined;
    const text = [socketId, channelName, data].filter((part) => part !== undefined).join(":");
    const wrong = channelName.startsWith("private-closed") ? "0" : "";
    const signature = createHmac("sha256", secret).update(text + wrong).digest("hex");
    const secrets = channelName.startsWith("private-encrypted-") ? { shared_secret: sharedSecret(channelName) } : {};
    done(null, { auth: `${key}:${signature}`, channel_data: data, ...secrets });
  };
}

// https://pusher.com/docs/channels/using_channels/encrypted-channels/ -- the master key never leaves
// the customer; the endpoint in between sees only what is sealed.
function sharedSecret(channelName) {
  const whole = Buffer.concat([Buffer.from(channelName), Buffer.from(masterKey, "base64")]);
  return createHash("sha256").update(whole).digest("base64");
}

function signIn(user) {
  return ({ socketId }, done) => {
    const user_data = JSON.stringify({ id: user });
    const signature = createHmac("sha256", secret).update(`${socketId}::user::${user_data}`).digest("hex");
    done(null, { auth: `${key}:${signature}`, user_data });
  };
}

function connect(user, appKey = key) {
  return new Pusher(appKey, {
    wsHost: "127.0.0.1",
    wsPort: Number(port),
    forceTLS: false,
    enabledTransports: ["ws"],
    cluster: "",
    channelAuthorization: { customHandler: authorise(user) },
    userAuthentication: { customHandler: signIn(user) },
  });
}

const subscribed = (channel) =>
  new Promise((resolve) => channel.bind("pusher:subscription_succeeded", resolve));
const heard = (channel, event) =>
  new Promise((resolve) => channel.bind(event, (data, meta) => resolve([data, meta])));
const reached = (pusher, state) =>
  new Promise((resolve) => {
    if (pusher.connection.state === state) resolve();
    else pusher.connection.bind(state, resolve);
  });

const reachedUserChannel = (pusher) =>
  new Promise((resolve) => {
    const channel = pusher.user.serverToUserChannel;
    if (channel.subscribed) resolve();
    else channel.bind("pusher:subscription_succeeded", resolve);
  });

async function main() {
  const ada = connect("ada");
  await reached(ada, "connected");
  say("connected", /^\d+\.\d+$/.test(ada.connection.socket_id));

  const news = ada.subscribe(`public-${suffix}`);
  await subscribed(news);
  const onNews = heard(news, "news");
  say("ready for news");
  say("news", (await onNews)[0]);

  const closed = ada.subscribe(`private-closed-${suffix}`);
  const refused = await new Promise((resolve) => closed.bind("pusher:subscription_error", resolve));
  say("refused", [refused.type, refused.status]);

  const room = ada.subscribe(`presence-${suffix}`);
  const members = await subscribed(room);
  say("members", [members.count, members.me]);
  const added = heard(room, "pusher:member_added");

  const bob = connect("bob");
  const bobsRoom = bob.subscribe(`presence-${suffix}`);
  await subscribed(bobsRoom);
  say("member_added", (await added)[0]);
  say("count", [room.members.count, bobsRoom.members.count]);

  const wave = heard(bobsRoom, "client-wave");
  room.trigger("client-wave", { hand: "left" });
  const [data, meta] = await wave;
  say("client-wave", [data, meta.user_id]);

  const removed = heard(room, "pusher:member_removed");
  bob.disconnect();
  say("member_removed", (await removed)[0].id);

  const sealed = ada.subscribe(`private-encrypted-${suffix}`);
  await subscribed(sealed);
  const onSealed = heard(sealed, "sealed");
  say("ready for a secret");
  say("sealed", (await onSealed)[0]);

  const cached = ada.subscribe(`cache-${suffix}`);
  await new Promise((resolve) => cached.bind("pusher:cache_miss", resolve));
  say("cache_miss");
  const eve = connect("eve");
  say("cached", (await heard(eve.subscribe(`cache-${suffix}`), "news"))[0]);

  eve.signin();
  await eve.user.signinDonePromise;
  const onTold = new Promise((resolve) => eve.user.bind("told", resolve));
  await reachedUserChannel(eve);
  say("signed in");
  say("told", await onTold);
  say("ready to be terminated");
  await reached(eve, "disconnected");
  say("terminated");

  news.unsubscribe();
  const stranger = connect("eve", "nobody");
  const errors = new Promise((resolve) => stranger.connection.bind("error", resolve));
  say("stranger", (await errors).error.data.code);
  await reached(stranger, "disconnected");

  say("ready to be cut off");
  await reached(ada, "connecting");
  await reached(ada, "connected");
  await subscribed(room);
  say("back", room.members.count);
  ada.disconnect();
  process.exit(0);
}

setTimeout(() => process.exit(3), 60_000);
main();
