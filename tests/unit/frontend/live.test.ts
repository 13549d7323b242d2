import { expect, test } from "vitest";

import { liveState } from "../../../frontend/src/live";
import { readRealtimeConfig } from "../../../frontend/src/realtime-config";

test.each([
  ["initialized", false, true, "connecting"],
  ["connecting", false, true, "connecting"],
  ["connecting", true, true, "reconnecting"],
  ["connected", false, true, "live"],
  ["unavailable", true, true, "polling"],
  ["failed", false, true, "polling"],
  ["connected", true, false, "offline"],
])("%s (live before: %s, online: %s) is shown as %s", (state, wasLive, online, shown) => {
  expect(liveState(state, wasLive, online)).toBe(shown);
});

function configOf(meta: string, address: string) {
  document.head.innerHTML = meta;
  return readRealtimeConfig(document, new URL(address) as unknown as Location);
}

test("the built-in endpoint is the page's own host and port", () => {
  const config = configOf(`<meta name="realtime" data-key="k" data-cluster="">`, "http://lincoln.localhost:8000/");
  expect(config?.options).toMatchObject({ wsHost: "lincoln.localhost", wsPort: 8000, forceTLS: false });
});

test("behind TLS it is the same host on 443", () => {
  const config = configOf(`<meta name="realtime" data-key="k" data-cluster="">`, "https://lincoln.example/");
  expect(config?.options).toMatchObject({ wsHost: "lincoln.example", wssPort: 443, forceTLS: true });
});

test("a cluster means Pusher's own hosts", () => {
  const config = configOf(`<meta name="realtime" data-key="k" data-cluster="eu">`, "http://localhost:8000/");
  expect(config?.options).toMatchObject({ cluster: "eu", forceTLS: true });
  expect(config?.options.wsHost).toBeUndefined();
});

test("without a key there is no connection", () => {
  expect(configOf("", "http://localhost:8000/")).toBeNull();
});
