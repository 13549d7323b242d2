import Pusher from "pusher-js";

import { announce } from "./announce";
import { LiveFragments } from "./live-fragments";
import { readRealtimeConfig } from "./realtime-config";

export type LiveState = "connecting" | "live" | "reconnecting" | "polling" | "offline";

const WORDS: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  polling: "Checking every 3 s",
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

function show(state: LiveState): void {
  for (const indicator of document.querySelectorAll<HTMLElement>("[data-live]")) {
    if (indicator.dataset["state"] === state) continue;
    indicator.dataset["state"] = state;
    const words = indicator.querySelector("[data-live-words]");
    if (words) words.textContent = WORDS[state];
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
  const pusher = new Pusher(config.key, config.options);
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
    fragments.setLive(state === "live");
  };
  pusher.connection.bind("state_change", update);
  window.addEventListener("online", update);
  window.addEventListener("offline", update);
  for (const channel of fragments.channels()) {
    pusher.subscribe(channel).bind_global((event: string) => {
      if (event === "pusher:subscription_error") fragments.setRefused(channel);
      else if (!event.startsWith("pusher:")) fragments.refresh(channel);
    });
  }
  update();
}
