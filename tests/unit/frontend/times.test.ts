import { expect, test } from "vitest";

import { enhanceTimes, relative } from "../../../frontend/src/times";

const NOW = Date.UTC(2026, 0, 15, 12);

test.each([
  [0, "now"],
  [-4, "now"],
  [-42, "42 seconds ago"],
  [-180, "3 minutes ago"],
  [-7_200, "2 hours ago"],
  [-86_400, "yesterday"],
  [6 * 86_400, "in 6 days"],
  [-40 * 86_400, "last month"],
])("%i seconds from now reads %s", (seconds, words) => {
  expect(relative(NOW + seconds * 1000, NOW, "en")).toBe(words);
});

test("the full moment stays in the title", () => {
  document.body.innerHTML = `<time datetime="2026-01-15T12:00:00+00:00" data-relative>15 Jan 2026</time>`;
  enhanceTimes(document);
  expect(document.querySelector("time")?.title).toContain("2026");
});

test("what is no moment is left as the server wrote it", () => {
  document.body.innerHTML = `<time datetime="soon" data-relative>soon</time>`;
  enhanceTimes(document);
  expect(document.querySelector("time")?.textContent).toBe("soon");
});
