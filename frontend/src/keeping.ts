/**
 * Buttons to keep what is shown once: data-print prints the page, data-download="<file name>" saves
 * the text of the element named by data-download-from.
 */
function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function watchKeeping(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-print], [data-download]");
    if (!button) return;
    const { download: name, downloadFrom } = button.dataset;
    if (name === undefined) window.print();
    else download(name, document.getElementById(downloadFrom ?? "")?.textContent ?? "");
  });
}
