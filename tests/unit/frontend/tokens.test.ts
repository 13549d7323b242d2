import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

const css = readFileSync("frontend/src/tokens.css", "utf8");

type Mode = 0 | 1; // as in light-dark(light, dark)

function colour(name: string, mode: Mode): string {
  const value = new RegExp(`--color-${name}: ([^;]+);`).exec(css)?.[1];
  if (value === undefined) throw new Error(`tokens.css has no --color-${name}`);
  const pair = /light-dark\((#\w+), (#\w+)\)/.exec(value);
  return pair ? pair[mode + 1]! : value;
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string, mode: Mode): number {
  const [dark, light] = [colour(one, mode), colour(other, mode)].map(luminance).sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

const INKS = ["ink", "ink-soft", "ink-faint", "accent", "success", "warning", "danger", "info"];
const GROUNDS = ["canvas", "surface", "sunken", "raised", "hover", "code"];
const ON_WASH: [string, string][] = [
  ["ink", "neutral-wash"], ["ink-soft", "neutral-wash"], ["accent", "accent-wash"], ["ink", "accent-wash"],
  ["ink-soft", "accent-wash"], ["success", "accent-wash"],
  ...["success", "warning", "danger", "info"].flatMap((tone): [string, string][] => [
    [tone, `${tone}-wash`], ["ink", `${tone}-wash`], ["accent", `${tone}-wash`],
  ]),
  ...["accent-fill", "accent-fill-hover", "danger-fill", "danger-fill-hover"].map(
    (fill): [string, string] => ["on-fill", fill],
  ),
];
const TEXT_PAIRS = [...INKS.flatMap((ink) => GROUNDS.map((ground): [string, string] => [ink, ground])), ...ON_WASH];

describe.each([["light", 0], ["dark", 1]] as [string, Mode][])("%s", (_name, mode) => {
  test.each(TEXT_PAIRS)("%s can be read on %s", (ink, ground) => {
    expect(contrast(ink, ground, mode)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(["canvas", "surface", "raised"])("outlines of controls are seen on %s", (ground) => {
    expect(contrast("line-control", ground, mode)).toBeGreaterThanOrEqual(3);
  });
});

test("every colour of the product is a token", () => {
  const styles = ["base", "controls", "forms", "surfaces", "data", "overlays", "progress", "shell", "public"];
  for (const name of styles) {
    const text = readFileSync(`frontend/src/styles/${name}.css`, "utf8");
    expect(text.match(/#[0-9a-f]{3,8}\b(?!_)/gi)?.filter((hex) => hex !== "#fff") ?? [], name).toEqual([]);
  }
});
