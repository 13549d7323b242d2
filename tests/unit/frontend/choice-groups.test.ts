import { beforeAll, beforeEach, expect, test } from "vitest";

import { countChoices, watchChoiceGroups } from "../../../frontend/src/choice-groups";

const box = (id: string) => document.getElementById(id) as HTMLInputElement;
const count = () => document.querySelector("[data-choice-count]")?.textContent;

function tick(id: string): void {
  box(id).click();
}

beforeAll(watchChoiceGroups);
beforeEach(() => {
  document.body.innerHTML = `<details data-choice-group><summary><span data-choice-count></span></summary>
    <input type="checkbox" data-choice-all id="all">
    <input type="checkbox" id="view" checked disabled>
    <input type="checkbox" id="create"><input type="checkbox" id="withdraw">
    <input type="checkbox" id="fixed" disabled></details>`;
  countChoices(document);
});

test("the count follows what is ticked", () => {
  expect(count()).toBe("1 of 4");
  tick("create");
  expect(count()).toBe("2 of 4");
  expect([box("all").checked, box("all").indeterminate]).toEqual([false, true]);
});

test("the group is ticked and cleared as a whole, but for what is fixed", () => {
  tick("all");
  expect(["view", "create", "withdraw", "fixed"].map((id) => box(id).checked)).toEqual([true, true, true, false]);
  tick("all");
  expect(["view", "create", "withdraw", "fixed"].map((id) => box(id).checked)).toEqual([true, false, false, false]);
});

test("ticking the last one by hand ticks the whole", () => {
  tick("create");
  tick("withdraw");
  expect([box("all").checked, box("all").indeterminate]).toEqual([true, false]);
});
