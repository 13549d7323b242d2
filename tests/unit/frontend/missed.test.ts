import { expect, test } from "vitest";

import { EventStream, type LiveEvent } from "../../../frontend/src/missed";

const JOBS = "private-w-w_alpha.jobs";
const ONE = "private-w-w_alpha.job.1";

function kept(sequence: number, channels = [JOBS]) {
  return { sequence, name: "job.changed", channels, payload: { sequence } };
}

function live(sequence: number, channel = JOBS): LiveEvent {
  return { channel, name: "job.changed", sequence, payload: {} };
}

/** A server with so many events; `during` happens while it is answering. */
function server(channels = [JOBS, ONE]) {
  const found = { latest: 0, oldest: 0, asked: [] as string[], applied: [] as [number, string][], overs: 0, during: () => {}, down: false };
  const answer = (url: string): Promise<Response> => {
    found.asked.push(url);
    if (found.down) return Promise.reject(new TypeError("no network"));
    const after = new URL(url, "http://x").searchParams.get("after");
    const all = after === null ? [] : Array.from({ length: found.latest - Number(after) }, (_, n) => kept(Number(after) + n + 1));
    const body = { events: all.slice(0, 3), latest: found.latest, is_complete: Number(after ?? found.latest) >= found.oldest, has_more: all.length > 3 };
    found.during();
    return Promise.resolve(Response.json(body));
  };
  const reader = { apply: (e: LiveEvent) => found.applied.push([e.sequence ?? 0, e.channel]), startOver: () => found.overs++ };
  return { found, stream: new EventStream("/api/v1/events/", new Set(channels), reader, answer) };
}

test("the first connection only learns where things stand", async () => {
  const { found, stream } = server();
  found.latest = 7;
  await stream.catchUp();
  expect([found.applied, found.asked]).toEqual([[], ["/api/v1/events/"]]);
});

test("what was missed comes once and in order, over several answers", async () => {
  const { found, stream } = server();
  await stream.catchUp();
  stream.receive(live(1));
  found.latest = 8;
  await stream.catchUp();
  expect(found.applied.map(([n]) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(found.asked.slice(1)).toEqual(["?after=1", "?after=4", "?after=7"].map((q) => `/api/v1/events/${q}`));
});

test("events that come while the server is asked wait for the earlier ones, and none is doubled", async () => {
  const { found, stream } = server();
  await stream.catchUp();
  found.latest = 2;
  found.during = () => {
    stream.receive(live(3));
    stream.receive(live(2));
  };
  await stream.catchUp();
  expect(found.applied.map(([n]) => n)).toEqual([1, 2, 3]);
});

test("an event of two channels is handed on to both, and again to neither", async () => {
  const { found, stream } = server();
  await stream.catchUp();
  for (let time = 0; time < 2; time++) {
    stream.receive(live(1, ONE));
    stream.receive(live(1, JOBS));
  }
  expect(found.applied).toEqual([[1, ONE], [1, JOBS]]);
});

test("what is no longer kept makes the page start over", async () => {
  const { found, stream } = server();
  await stream.catchUp();
  found.latest = 9;
  found.oldest = 5;
  await stream.catchUp();
  expect(found.overs).toBeGreaterThan(0);
});

test("without a network nothing is lost: the next question has the same number", async () => {
  const { found, stream } = server();
  await stream.catchUp();
  found.latest = 1;
  found.down = true;
  expect(await stream.catchUp()).toBe(false);
  found.down = false;
  expect(await stream.catchUp()).toBe(true);
  expect(found.applied.map(([n]) => n)).toEqual([1]);
});

test("events of no workspace have no number and are handed on as they come", () => {
  const { found, stream } = server();
  const event = { channel: JOBS, name: "job.changed", sequence: undefined, payload: {} };
  stream.receive(event);
  stream.receive(event);
  expect(found.applied).toHaveLength(2);
});
