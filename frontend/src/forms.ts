/**
 * A submitted form shows that it works and cannot be sent twice. The button is not disabled, because
 * a disabled button's name and value would not be sent; a page restored from history is made usable.
 */
function release(form: HTMLFormElement): void {
  delete form.dataset["sent"];
  form.querySelector("[aria-busy='true']")?.removeAttribute("aria-busy");
}

function onSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset["sent"] !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset["sent"] = "";
  event.submitter?.setAttribute("aria-busy", "true");
}

export function watchForms(): void {
  document.addEventListener("submit", onSubmit);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form").forEach(release);
  });
}
