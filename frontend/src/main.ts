import "./styles/main.css";

import { countChoices, watchChoiceGroups } from "./choice-groups";
import { watchColourFields } from "./colour-field";
import { watchCopyButtons } from "./copy";
import { watchDialogs } from "./dialogs";
import { enhanceFileDrops } from "./file-drop";
import { watchForms } from "./forms";
import { watchFlashes } from "./flashes";
import { watchDownloadButtons } from "./downloads";
import { watchMenus } from "./menus";
import { watchPrintButtons } from "./printing";
import { watchSearch } from "./search";
import { watchPasskeys } from "./passkeys";
import { showCurrentTabs, watchTabs } from "./tabs";
import { enhanceTimes } from "./times";
import { watchTheme } from "./theme";

watchTheme();
watchDialogs();
watchMenus();
watchCopyButtons();
watchFlashes();
watchPasskeys();
watchForms();
watchPrintButtons();
watchDownloadButtons();
watchColourFields();
watchChoiceGroups();
watchSearch();
watchTabs();

/** What has to be set up anew on every piece of page that arrives. */
function enhance(root: ParentNode): void {
  enhanceFileDrops(root);
  enhanceTimes(root);
  countChoices(root);
  showCurrentTabs(root);
}

enhance(document);
document.addEventListener("htmx:load", (event) => enhance(event.target as HTMLElement));
document.addEventListener("fragment:swapped", (event) => enhance(event.target as HTMLElement));

// The realtime client is a third of the code: only pages that show something live load it.
if (document.querySelector("[data-live], [data-channel]")) {
  void import("./live").then(({ connectPage }) => connectPage());
}
