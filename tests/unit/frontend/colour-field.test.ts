import { beforeEach, expect, test, vi } from "vitest";
import { watchColourFields } from "../../../frontend/src/colour-field";

watchColourFields();

beforeEach(() => {
  document.body.innerHTML = '<input id="accent"><input type="color" data-colour-for="accent" value="#000000">';
});

const field = () => document.getElementById("accent") as HTMLInputElement;
const picker = () => document.querySelector("[type=color]") as HTMLInputElement;

function set(input: HTMLInputElement, value: string): void {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

test("what is picked is written, and the field's listeners hear of it", () => {
  const heard = vi.fn();
  field().addEventListener("input", heard);
  set(picker(), "#0a7d5a");
  expect(field().value).toBe("#0a7d5a");
  expect(heard).toHaveBeenCalledOnce();
});

test("what is typed moves the picker once it is a colour", () => {
  set(field(), "#0A7D5");
  expect(picker().value).toBe("#000000");
  set(field(), "#0A7D5A");
  expect(picker().value).toBe("#0a7d5a");
});
