/** Says a sentence to screen readers through the page's one polite live region. */
export function announce(sentence: string): void {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = sentence;
  });
}
