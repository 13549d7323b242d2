import PusherInBrowsers from "pusher-js/dist/web/pusher.js";
import { afterEach, expect, test, vi } from "vitest";

import { readRealtimeConfig } from "../../../frontend/src/realtime-config";

class Unanswered {
  static readonly asked: string[] = [];

  constructor(url: string) {
    Unanswered.asked.push(url);
  }

  close(): void {}
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  Unanswered.asked.length = 0;
});

test.each([
  ["http://lincoln.localhost:8000/", "ws://lincoln.localhost:8000/"],
  ["https://lincoln.example/", "wss://lincoln.example:443/"],
])("a slow %s is asked by no other scheme", (page, socket) => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Unanswered);
  document.head.innerHTML = '<meta name="realtime" data-key="app">';
  const config = readRealtimeConfig(document, new URL(page) as unknown as Location);
  const pusher = new PusherInBrowsers(config?.key ?? "", config!.options);
  vi.advanceTimersByTime(20_000);
  pusher.disconnect();
  expect(Unanswered.asked.length).toBeGreaterThan(0);
  expect(Unanswered.asked.filter((url) => !url.startsWith(socket))).toEqual([]);
});
