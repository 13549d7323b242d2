import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LiveFragments, swap } from "../../../frontend/src/live-fragments";

function draw(html: string): HTMLElement {
  document.body.innerHTML = `<div id="announcer"></div>${html}`;
  return document.getElementById("part")!;
}

test("focus stays on the element with the same id", () => {
  const part = draw(`<div id="part"><button id="again">Again</button></div>`);
  document.getElementById("again")?.focus();
  swap(part, `<div id="part"><p>New</p><button id="again">Again</button></div>`);
  expect(document.activeElement?.id).toBe("again");
});

test("opened details stay open", () => {
  const part = draw(`<div id="part"><details id="more" open></details></div>`);
  swap(part, `<div id="part"><b></b><details id="more"></details></div>`);
  expect(document.querySelector<HTMLDetailsElement>("#more")?.open).toBe(true);
});

test("the same drawing with another CSRF token changes nothing", () => {
  const part = draw(`<div id="part"><input name="csrfmiddlewaretoken" value="a"></div>`);
  expect(swap(part, `<div id="part"><input name="csrfmiddlewaretoken" value="b"></div>`)).toBe(part);
});

test("what scripts fill stays as it is, and is no reason to draw the rest again", () => {
  const part = draw(`<div id="part"><div id="here" data-keep></div></div>`);
  const here = document.getElementById("here")!;
  here.innerHTML = `<button id="who">Ada</button>`;
  document.getElementById("who")?.focus();
  expect(swap(part, `<div id="part"><div id="here" data-keep></div></div>`)).toBe(part);
  const after = swap(part, `<div id="part"><p>New</p><div id="here" data-keep></div></div>`);
  expect(after?.querySelector("#here")).toBe(here);
  expect(document.activeElement?.id).toBe("who");
});

test("an answer without the element is not shown", () => {
  const part = draw(`<div id="part">old</div>`);
  expect(swap(part, "<h1>Sign in</h1>")).toBeNull();
  expect(document.getElementById("part")?.textContent).toBe("old");
});

test("a new sentence is announced", async () => {
  const part = draw(`<div id="part" data-announce="Uploading"></div>`);
  swap(part, `<div id="part" data-announce="Publishing"></div>`);
  await vi.waitFor(() => expect(document.getElementById("announcer")?.textContent).toBe("Publishing"));
});

let server: Server;
let asked = 0;

beforeEach(async () => {
  asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "*");
    response.end(`<div id="part" data-channel="c" data-fragment-url="${url()}">answer ${asked}</div>`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

afterEach(() => server.close());

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const text = (): string => document.getElementById("part")?.textContent ?? "";

test("an event on the channel draws the fragment again", async () => {
  draw(`<div id="part" data-channel="c" data-fragment-url="${url()}">old</div>`);
  new LiveFragments(document).refresh("c");
  await vi.waitFor(() => expect(text()).toMatch(/^answer/));
});

test("an event on another channel does not", async () => {
  draw(`<div id="part" data-channel="c" data-fragment-url="${url()}">old</div>`);
  const fragments = new LiveFragments(document);
  fragments.refresh("other");
  fragments.refresh("c");
  await vi.waitFor(() => expect(text()).toMatch(/^answer/));
  expect(asked).toBeLessThanOrEqual(2); // the request and, across origins, its preflight
});

test("many events at once lead to two requests, not to many", async () => {
  draw(`<div id="part" data-channel="c" data-fragment-url="${url()}">old</div>`);
  const fragments = new LiveFragments(document);
  for (let n = 0; n < 20; n++) fragments.refresh("c");
  await vi.waitFor(() => expect(text()).toMatch(/^answer/));
  await vi.waitFor(() => expect(asked).toBeGreaterThanOrEqual(2));
  expect(asked).toBeLessThanOrEqual(4); // two requests and, across origins, their preflights
});

test("a dialog that is open is not taken away; once closed the part is drawn again", async () => {
  draw(`<div id="part" data-channel="c" data-fragment-url="${url()}"><dialog id="ask" open></dialog></div>`);
  const dialog = document.querySelector("dialog")!;
  new LiveFragments(document).refresh("c");
  await vi.waitFor(() => expect(asked).toBeGreaterThanOrEqual(1));
  expect(document.querySelector("dialog")).toBe(dialog);
  await vi.waitFor(() => {
    dialog.removeAttribute("open");
    dialog.dispatchEvent(new Event("close"));
    expect(text()).toMatch(/^answer/);
  });
});

test("on every new connection what was missed is drawn", async () => {
  draw(`<div id="part" data-channel="c" data-fragment-url="${url()}">old</div>`);
  new LiveFragments(document).setLive(true);
  await vi.waitFor(() => expect(text()).toMatch(/^answer/));
});
