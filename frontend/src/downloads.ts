/** A button with data-download="<file name>" saves the text of the element data-download-from names. */
function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function watchDownloadButtons(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-download]");
    if (!button) return;
    const { download, downloadFrom } = button.dataset;
    save(download ?? "", document.getElementById(downloadFrom ?? "")?.textContent ?? "");
  });
}
