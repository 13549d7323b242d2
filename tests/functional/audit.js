// What is wrong with this page's structure: a list of sentences.
() => {
  const found = [];
  const say = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 140)}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const refers = (element, name) => (element.getAttribute(name) ?? "").split(/\s+/).filter(Boolean);
  const named = (element) => element.innerText?.trim() || element.ariaLabel || element.title
    || refers(element, "aria-labelledby").length || element.querySelector("img[alt]:not([alt='']), svg[aria-label], svg title");

  if (!document.documentElement.lang) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  if (all("h1").filter(shown).length !== 1) found.push(`${all("h1").filter(shown).length} h1`);
  if (all("main").length !== 1) found.push(`${all("main").length} main`);

  const ids = new Set();
  for (const element of all("[id]")) {
    if (ids.has(element.id)) say("second use of an id", element);
    ids.add(element.id);
  }
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const element of all(`[${name}]`)) {
      for (const id of refers(element, name)) if (!ids.has(id)) say(`${name} points nowhere`, element);
    }
  }
  for (const label of all("label[for]")) if (!ids.has(label.htmlFor)) say("label of nothing", label);
  for (const field of all("input:not([type=hidden]), select, textarea")) {
    if (!field.labels?.length && !field.ariaLabel && !refers(field, "aria-labelledby").length) say("no label", field);
  }
  for (const element of all("a[href], button, summary")) if (shown(element) && !named(element)) say("no name", element);
  for (const image of all("img")) if (!image.hasAttribute("alt")) say("no alt", image);
  for (const frame of all("iframe")) if (!frame.title) say("no title", frame);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) say("own place in the focus order", element);
  for (const element of all("[aria-hidden=true] :is(a[href], button, input)")) say("hidden, yet focusable", element);
  for (const cell of all("th:not([scope])")) say("no scope", cell);
  for (const term of all("dt").filter(shown)) {
    if (term.innerText.trim().length > 3 && term.clientWidth < 24) say("broken letter by letter", term);
  }

  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6").filter(shown)) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(`h${own} after h${level}`, heading);
    level = own;
  }
  return found;
}
