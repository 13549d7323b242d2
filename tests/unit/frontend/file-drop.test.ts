import { expect, test } from "vitest";

import { formatSize, problemWith } from "../../../frontend/src/file-drop";

function input(accept: string, maxBytes = ""): HTMLInputElement {
  const element = document.createElement("input");
  element.type = "file";
  element.accept = accept;
  element.dataset["maxBytes"] = maxBytes;
  return element;
}

const file = (name: string, bytes: number): File => new File([new Uint8Array(bytes)], name);

test.each([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1.0 KB"],
  [2_514_221, "2.4 MB"],
  [104_857_600, "100.0 MB"],
])("%i bytes read %s", (bytes, words) => {
  expect(formatSize(bytes)).toBe(words);
});

test("a place file in any case of letters is taken", () => {
  expect(problemWith(input(".rbxl,.rbxlx", "100"), file("Volcano.RBXL", 100))).toBe("");
});

test("another kind of file is named as such", () => {
  expect(problemWith(input(".rbxl,.rbxlx"), file("notes.txt", 5))).toContain("is not one of .rbxl,.rbxlx");
});

test("a file over the limit says by how much", () => {
  expect(problemWith(input("", "1024"), file("a.rbxl", 2048))).toBe("a.rbxl is 2.0 KB; the limit is 1.0 KB.");
});

test("an empty file is refused", () => {
  expect(problemWith(input(""), file("a.rbxl", 0))).toBe("a.rbxl is empty.");
});
