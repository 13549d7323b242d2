import Pusher from "pusher-js";

import { announce } from "./announce";
import { LiveFragments } from "./live-fragments";
import { EventStream } from "./missed";
import { watchPresence } from "./presence";
import { readRealtimeConfig, type RealtimeConfig } from "./realtime-config";

export type LiveState = "connecting" | "live" | "reconnecting" | "polling" | "offline";

const ASK_MS = 3_000;
const WORDS: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  polling: "Delayed",
  offline: "Offline",
};
const SAID: Partial<Record<LiveState, string>> = {
  polling: "The live connection is not available. This page checks for changes every 3 seconds.",
  offline: "You are offline. This page will catch up when the connection is back.",
};

/** What the page shows for pusher-js's own state names. */
export function liveState(pusherState: string, wasLive: boolean, online: boolean): LiveState {
  if (!online) return "offline";
  if (pusherState === "connected") return "live";
  if (pusherState === "connecting" || pusherState === "initialized") return wasLive ? "reconnecting" : "connecting";
  return "polling";
}

/** The event's number, where it is one of a workspace's. */
export function sequenceOf(payload: unknown): number | undefined {
  const sequence = (payload as { sequence?: unknown } | null)?.sequence;
  return typeof sequence === "number" ? sequence : undefined;
}

function show(state: LiveState): void {
  for (const indicator of document.querySelectorAll<HTMLElement>("[data-live]")) {
    if (indicator.dataset["state"] === state) continue;
    indicator.dataset["state"] = state;
    const words = indicator.querySelector("[data-live-words]");
    if (words) words.textContent = WORDS[state];
    indicator.title = SAID[state] ?? "";
  }
}

function streamOf(config: RealtimeConfig, fragments: LiveFragments): EventStream | null {
  if (!config.events) return null;
  return new EventStream(config.events, fragments.channels(), {
    apply: (event) => fragments.refresh(event.channel),
    startOver: () => fragments.refreshAll(),
  });
}

/** Subscribes to the page's channels; `settled` is called on each connection, once all are open or refused. */
function subscribe(pusher: Pusher, fragments: LiveFragments, stream: EventStream | null, settled: () => void): void {
  const channels = fragments.channels();
  const waiting = new Set<string>(channels);
  pusher.connection.bind("state_change", ({ current }: { current: string }) => {
    if (current !== "connected") for (const name of channels) waiting.add(name);
  });
  for (const name of channels) {
    pusher.subscribe(name).bind_global((event: string, payload: unknown) => {
      if (event === "pusher:subscription_error") fragments.setRefused(name);
      if (event.startsWith("pusher:subscription_")) {
        if (waiting.delete(name) && waiting.size === 0) settled();
      } else if (!event.startsWith("pusher:")) {
        if (stream) stream.receive({ channel: name, name: event, sequence: sequenceOf(payload), payload });
        else fragments.refresh(name);
      }
    });
  }
}

/** Connects the page's live parts; where there is no connection they are polled instead. */
export function connectPage(): void {
  const config = readRealtimeConfig(document, location);
  const fragments = new LiveFragments(document);
  if (!config) {
    fragments.setLive(false);
    show("polling");
    return;
  }
  const stream = streamOf(config, fragments);
  const pusher = new Pusher(config.key, config.options);
  pusher.signin(); // so that the server can end the connection with the membership
  watchPresence(pusher);
  let wasLive = false;
  let shown: LiveState = "connecting";
  const update = (): void => {
    const state = liveState(pusher.connection.state, wasLive, navigator.onLine);
    if (state !== shown && (SAID[state] || shown === "polling" || shown === "offline")) {
      announce(SAID[state] ?? "The page is live again.");
    }
    shown = state;
    wasLive ||= state === "live";
    show(state);
    fragments.setLive(state === "live", !stream);
  };
  pusher.connection.bind("state_change", update);
  window.addEventListener("online", update);
  window.addEventListener("offline", update);
  // Only once the channels are open: what is sent from then on comes over the connection. The page
  // was drawn before, at a time that nobody knows, so the first time all of it is drawn again.
  let isKnown = false;
  subscribe(pusher, fragments, stream, () => {
    void stream?.catchUp().then((asked) => {
      if (!asked || !isKnown) fragments.refreshAll();
      isKnown ||= asked;
    });
  });
  if (stream) {
    setInterval(() => {
      if (shown === "polling" && !document.hidden) void stream.catchUp();
    }, ASK_MS);
  }
  update();
}
