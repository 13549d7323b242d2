/** Messages stay until they are dismissed: nobody has to read against a clock. */
export function watchFlashes(): void {
  document.addEventListener("click", (event) => {
    const close = (event.target as Element).closest("[data-flash-close]");
    close?.closest("[data-flash]")?.remove();
  });
}
