import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { initialsOf, inOrder, Presence } from "../../../frontend/src/presence";

/** A presence channel as pusher-js has it, whose members come and go by hand. */
function room() {
  const members = new Map<string, { name?: string } | null>();
  const bound: (() => void)[] = [];
  const channel = {
    members: { myID: "me", each: (seen: (member: object) => void) => members.forEach((info, id) => seen({ id, info })) },
    bind: (_event: string, heard: () => void) => bound.push(heard),
  };
  const asked: string[] = [];
  const pusher = {
    subscribe: (name: string) => (asked.push(`+${name}`), channel),
    unsubscribe: (name: string) => (members.clear(), asked.push(`-${name}`)),
  } as unknown as ConstructorParameters<typeof Presence>[1];
  const tell = (): void => bound.forEach((heard) => heard());
  return { members, asked, pusher, tell };
}

function place(): HTMLElement {
  document.body.innerHTML = `<div id="presence" data-presence="presence-w-x"><details hidden>
    <summary><span class="presence-faces"></span><span class="presence-words"></span></summary><ul></ul></details></div>`;
  return document.getElementById("presence")!;
}

const words = (): string | null | undefined => document.querySelector(".presence-words")?.textContent;
const names = (): (string | null)[] => [...document.querySelectorAll("li > span:last-child")].map((e) => e.textContent);
const faces = (): (string | null)[] => [...document.querySelectorAll(".presence-faces > *")].map((e) => e.textContent);
const isShown = (): boolean => !document.querySelector("details")!.hidden;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test.each([["Ada Lovelace", "AL"], ["Cher", "C"], ["Émilie du  Châtelet", "ÉC"], ["tom@lincoln.example", "tl"], ["🦊 Fox", "🦊F"], ["", ""]])(
  "the initials of %s are %s",
  (name, wanted) => expect(initialsOf(name)).toBe(wanted),
);

test("oneself stands last", () => {
  const people = [["A", true], ["C", false], ["B", false]].map(([name, isMe]) => ({ id: `${name}`, name: `${name}`, isMe: !!isMe }));
  expect(inOrder(people).map((p) => p.name)).toEqual(["B", "C", "A"]);
});

test("nothing is shown to somebody who is alone; names are text, not HTML", () => {
  const { members, pusher, tell } = room();
  new Presence(place(), pusher).join();
  members.set("me", { name: "Zoe" });
  tell();
  expect(isShown()).toBe(false);
  members.set("1", { name: "<img src=x>" });
  tell();
  expect([isShown(), words(), names()]).toEqual([true, "2 people are looking at this", ["<img src=x>", "Zoe (you)"]]);
  expect(document.querySelector("img")).toBeNull();
});

test("many faces become a number, and all names stay in the list", () => {
  const { members, pusher, tell } = room();
  new Presence(place(), pusher).join();
  for (const id of ["a", "b", "c", "d", "me"]) members.set(id, { name: id });
  tell();
  expect(faces()).toEqual(["a", "b", "c", "+2"]);
  expect(names()).toEqual(["a", "b", "c", "d", "me (you)"]);
});

test("whoever loads the page anew is not taken for gone; whoever stays away is", () => {
  const { members, pusher, tell } = room();
  new Presence(place(), pusher).join();
  members.set("me", null).set("1", { name: "Ada" });
  tell();
  members.delete("1");
  tell();
  vi.advanceTimersByTime(3_000);
  members.set("1", { name: "Ada" });
  tell();
  vi.advanceTimersByTime(10_000);
  expect(isShown()).toBe(true);
  members.delete("1");
  tell();
  vi.advanceTimersByTime(4_000);
  expect(isShown()).toBe(false);
});

test("whoever leaves the channel sees nobody after a while, and comes back in with a subscription", () => {
  const { members, asked, pusher, tell } = room();
  const presence = new Presence(place(), pusher);
  presence.join();
  members.set("me", null).set("1", { name: "Ada" });
  tell();
  presence.leave();
  vi.advanceTimersByTime(4_000);
  expect(isShown()).toBe(false);
  presence.join();
  presence.join();
  expect(asked).toEqual(["+presence-w-x", "-presence-w-x", "+presence-w-x"]);
});
