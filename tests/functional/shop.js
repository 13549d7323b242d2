// The script of a customer's own page: Pusher's client, and what it hears in the order it came.
const { user, watch, key, port } = Object.fromEntries(new URLSearchParams(location.search));
const heard = [];

const pusher = new Pusher(key, {
  wsHost: "localhost",
  wsPort: Number(port),
  forceTLS: false,
  enabledTransports: ["ws"],
  cluster: "",
  unavailableTimeout: 2000,
  channelAuthorization: { endpoint: `/auth?user=${user}`, transport: "ajax" },
  userAuthentication: { endpoint: `/sign-in?user=${user}&watch=${watch}`, transport: "ajax" },
});
pusher.connection.bind("state_change", ({ current }) => heard.push(["connection", current, null]));
pusher.connection.bind("error", ({ error }) => heard.push(["connection", "error", error?.data?.code ?? null]));
pusher.user.bind_global((event, data) => heard.push(["user", event, data ?? null]));
for (const event of ["online", "offline"]) {
  pusher.user.watchlist.bind(event, ({ user_ids }) => heard.push(["watchlist", event, user_ids]));
}

function plain(data) {
  return data?.members ? { count: data.count, me: data.myID, members: data.members } : (data ?? null);
}

function join(name) {
  const channel = pusher.subscribe(name);
  channel.bind_global((event, data) => {
    if (!event.startsWith("client-")) heard.push([name, event, plain(data)]);
  });
  // Only those who ask for one event by name are told who sent it.
  channel.bind("client-wave", (data, about) => heard.push([name, "client-wave", data, about?.user_id ?? null]));
}

/** The first such event that was not taken yet. */
function take(where, event) {
  const at = heard.findIndex((one) => one[0] === where && one[1] === event);
  return at < 0 ? null : heard.splice(at, 1)[0];
}
