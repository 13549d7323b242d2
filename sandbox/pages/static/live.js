// Keeps the page up to date: the server says that something changed, the page is fetched again
// and its live part replaced. What is new since the last time is lit up for a moment.
const state = document.getElementById("live-state");

function show(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}

const LIT = 2400;
const firstSeen = new Map();

// Lights up what appeared within the last moments, going on where an earlier copy had got to.
function light(root, now) {
  for (const element of root.querySelectorAll("[data-key]")) {
    const since = firstSeen.get(element.dataset.key) ?? now;
    firstSeen.set(element.dataset.key, since);
    if (now - since < LIT) {
      element.classList.add("fresh");
      element.style.animationDelay = `${Math.round(since - now)}ms`;
    }
  }
}

function replace(fresh) {
  const live = document.getElementById("live");
  const open = [...live.querySelectorAll("details[open]")].map((element) => element.dataset.details);
  const scrolled = live.querySelector(".tall")?.scrollTop ?? 0;
  live.replaceWith(fresh);
  for (const element of fresh.querySelectorAll("details[data-details]")) {
    element.open = open.includes(element.dataset.details);
  }
  light(fresh, performance.now());
  fresh.querySelector(".tall")?.scrollTo(0, scrolled);
}

for (const element of document.querySelectorAll("[data-key]")) {
  firstSeen.set(element.dataset.key, -Infinity);
}

let busy = false;
let again = false;

async function update() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  replace(document.adoptNode(page.getElementById("live")));
  busy = false;
  if (again) {
    again = false;
    update();
  }
}

const events = new EventSource("/_sandbox/events");
events.onopen = () => show("on", "Live");
events.onerror = () => show("lost", "Connection lost, trying again");
events.onmessage = (event) => {
  if (event.data !== document.getElementById("live").dataset.revision) {
    update().catch(() => {
      busy = false;
      show("lost", "Connection lost, trying again");
    });
  }
};
addEventListener("pagehide", () => events.close());

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}
