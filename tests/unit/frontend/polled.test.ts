import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { watchPolledPieces } from "../../../frontend/src/polled";

const drawn = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", drawn);
  document.body.innerHTML = `<div id="board" data-poll="5" data-fragment-url="/board">old</div>`;
  watchPolledPieces(document);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  drawn.mockReset();
});

test("it is drawn again as often as it says, and says that nobody asked", async () => {
  drawn.mockImplementation(async () => new Response(`<div id="board" data-poll="60" data-fragment-url="/board">new</div>`));
  await vi.advanceTimersByTimeAsync(4_000);
  expect(drawn).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(document.getElementById("board")?.textContent).toBe("new");
  expect(drawn).toHaveBeenCalledExactlyOnceWith("/board", { headers: { "X-Unattended": "1" } });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(drawn).toHaveBeenCalledTimes(1); // it is every minute now
});

test("without a network it stays, and is asked for again", async () => {
  drawn.mockRejectedValue(new TypeError("network"));
  await vi.advanceTimersByTimeAsync(12_000);
  expect(document.getElementById("board")?.textContent).toBe("old");
  expect(drawn).toHaveBeenCalledTimes(2);
});

test("nothing is asked for while nobody looks", async () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(drawn).not.toHaveBeenCalled();
  hidden.mockRestore();
});
