import { beforeEach, expect, test } from "vitest";

import { currentTheme, setTheme, watchTheme } from "../../../frontend/src/theme";

beforeEach(() => {
  document.body.innerHTML = `<button data-set-theme="dark"></button><button data-set-theme="system"></button>`;
  setTheme("system");
});

test("the choice stands on the document and in the cookie the server reads", () => {
  setTheme("dark");
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(document.cookie).toContain("theme=dark");
});

test("going back to the system's leaves nothing behind", () => {
  setTheme("dark");
  setTheme("system");
  expect(currentTheme()).toBe("system");
  expect(document.cookie).not.toContain("theme=dark");
});

test("the pressed button shows the choice", () => {
  watchTheme();
  document.querySelector<HTMLElement>("[data-set-theme=dark]")?.click();
  const pressed = [...document.querySelectorAll("[aria-pressed=true]")];
  expect(pressed.map((button) => button.getAttribute("data-set-theme"))).toEqual(["dark"]);
});
