// Completion in fields, and links and forms of a page's own address without a reload. Every page works without this.
"use strict";

const main = document.getElementById("page-main");
const status = document.getElementById("say");
const SUGGESTIONS = JSON.parse(status.dataset.suggestions); // what is said of none, of one, of two ...
const MOST = SUGGESTIONS.length - 1;

function say(text) {
  status.textContent = "";
  status.classList.remove("shown");
  setTimeout(() => { status.textContent = text; }, 60);
}

/** An element's words as they are said: lists and lines apart. */
function words(element) {
  return element.innerText.replace(/\s+/g, " ").trim();
}

// -- completion: the editable combobox with a list of the ARIA Authoring Practices ------------------

function complete(input) {
  const list = document.createElement("div");
  list.className = "options";
  list.id = input.id + "-options";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0].textContent);
  input.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-haspopup", "listbox"],
    ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);

  let things = [], active = -1, waiting = 0, asking = null, asked = "";

  function close() {
    clearTimeout(waiting);
    asking?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function show(completions) {
    things = completions;
    active = -1;
    list.replaceChildren(...things.map((thing, at) => {
      const option = document.createElement("div");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const name = document.createElement("span");
      name.textContent = thing.label;
      if (thing.lang) { name.lang = thing.lang; name.dir = "auto"; }
      const said = document.createElement("span");
      said.className = "said";
      said.dir = "auto";
      said.setAttribute("aria-hidden", "true");
      said.textContent = thing.description || "";
      option.append(name, said);
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => pick(at));
      return option;
    }));
    list.hidden = !things.length;
    input.setAttribute("aria-expanded", String(Boolean(things.length)));
    input.removeAttribute("aria-activedescendant");
    say(SUGGESTIONS[things.length]);
  }

  function move(to) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = (to + things.length) % things.length;
    const option = list.children[active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  async function ask(open) {
    const text = input.value.trim();
    if (!text) { asked = ""; close(); return; }
    if (text === asked && things.length && list.hidden && open) { show(things); return; }
    asking?.abort();
    asking = new AbortController();
    const url = new URL(input.dataset.suggest, location.href);
    for (const [name, value] of [["q", text], ["lang", input.dataset.lang], ["limit", MOST]]) url.searchParams.set(name, value);
    try {
      const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const there = new Set([...input.form.querySelectorAll("input[type=hidden][name=method]")].map((field) => field.value));
      const completions = (await answer.json()).filter((thing) => !there.has(thing.id) && !(thing.compare && input.dataset.into));
      asked = text;
      if (document.activeElement === input) show(completions);
    } catch (fault) {
      if (fault.name !== "AbortError") close();
    }
  }

  function pick(at) {
    const thing = things[at];
    close();
    input.value = thing.label;
    if (input.dataset.into) {
      // A field of a form: what it names goes along with its name.
      const { elements } = input.form;
      elements[`${input.name}._thing`].value = thing.iri;
      elements[`${input.name}._was`].value = thing.label;
    } else if (input.dataset.goto) {
      const values = (thing.compare || []).map((id) => ["method", id]);
      for (const [name, value] of [["class", input.dataset.class], ["lang", new URLSearchParams(location.search).get("lang")]]) {
        if (value && (name === "lang" || thing.compare)) values.push([name, value]);
      }
      const query = String(new URLSearchParams(values));
      location.assign((thing.compare ? input.dataset.compare : input.dataset.goto + thing.id) + (query ? "?" + query : ""));
    } else {
      input.value = thing.compare ? thing.compare.join(", ") : thing.id;
      input.form.requestSubmit();
    }
  }

  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", async (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) await ask(true);
      if (!list.hidden) move(event.key === "ArrowDown" ? active + 1 : active < 0 ? -1 : active - 1);
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      pick(active);
    } else if (event.key === "Escape") {
      if (open) event.preventDefault(); else input.value = "";
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });
}

// -- the same page in another state, without a reload ------------------------------------------------

let latest = null;
let shown = location.pathname + location.search; // what is on the screen; a fragment is a place in it

/** Shows another state of the page; *undo* takes back what was shown of it before it was there. */
async function visit(url, { push = true, focus = null, keep = true, top, undo = () => {} } = {}) {
  latest?.abort();
  latest = new AbortController();
  main.setAttribute("aria-busy", "true");
  let answer, page;
  try {
    answer = await fetch(url, { headers: { Accept: "text/html" }, signal: latest.signal });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (fault) {
    undo();
    if (fault.name === "AbortError") return;
    main.removeAttribute("aria-busy");
    say(status.dataset.offline);
    status.classList.add("shown");
    return;
  }
  const fresh = page.getElementById("page-main");
  if (!fresh || answer.status >= 500) { location.assign(url); return; }
  const region = main.querySelector(".region");
  const at = [scrollX, scrollY, region?.scrollLeft, region?.scrollTop];
  const open = [...main.querySelectorAll("details[open][id]")].map((details) => details.id);
  if (push) {
    history.replaceState({ top: at[1] }, "");
    history.pushState(null, "", answer.url);
  }
  shown = location.pathname + location.search;
  document.title = page.title;
  document.getElementById("languages").replaceWith(page.getElementById("languages"));
  main.replaceChildren(...fresh.childNodes);
  main.removeAttribute("aria-busy");
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  enhance();
  const now = main.querySelector(".region");
  if (now && region) { now.scrollLeft = at[2]; now.scrollTop = at[3]; }
  scrollTo({ left: keep ? at[0] : 0, top: top ?? (keep ? at[1] : 0), behavior: "instant" });
  if (push) history.replaceState({ top: scrollY }, ""); // where one stays nothing scrolls, and nothing else would keep it
  const target = (focus || []).map((id) => id && document.getElementById(id)).find(Boolean) || main.querySelector("[data-next]") || main;
  target.focus({ preventScroll: true });
  say(words(main.querySelector(".notice[role=status], [data-say]") || main.querySelector("h1")));
}

/** Where the focus goes after an element is gone: itself, or what stands beside it. */
function beside(element) {
  const removes = [...main.querySelectorAll(".remove")];
  const at = removes.indexOf(element);
  return [element.id, ...(at < 0 ? [] : [removes[at + 1]?.id, removes[at - 1]?.id, "add"])];
}

/** Turns a switch at once, before the server has answered. */
function turn(a) {
  if (a.matches(".switch")) a.setAttribute("aria-checked", String(a.classList.toggle("on")));
}

main.addEventListener("click", (event) => {
  const a = event.target.closest("a[href]");
  if (!a || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (a.type || a.origin !== location.origin || a.pathname !== location.pathname || a.hash) return;
  event.preventDefault();
  turn(a);
  visit(a.href, { focus: beside(a), keep: a.rel !== "next", undo: () => turn(a) });
});

main.addEventListener("submit", (event) => {
  const form = event.target, url = new URL(form.getAttribute("action"), location.href);
  if (url.pathname !== location.pathname || form.getAttribute("method") === "post") return;
  if (event.submitter?.name) return; // it leads elsewhere
  event.preventDefault();
  url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const field = form.querySelector("input:not([type=hidden])");
  visit(url.href, { focus: [field?.id] });
});

addEventListener("popstate", ({ state }) => {
  if (document.getElementById("ask")) return; // the query page: a step within it, and the editor keeps its text
  if (location.pathname + location.search === shown) { // a fragment, such as that of the skip link
    if (state) restore(state);
    return;
  }
  visit(location.href, { push: false, top: state?.top, focus: [document.activeElement?.id] });
});

// Where one has read to in each entry of the history, so that Back, Forward and Reload lead there. The browser does not do
// it beside us: it would scroll what is on the screen, smoothly, before the other state of the page is there.
function restore(state) {
  scrollTo({ top: state.top, behavior: "instant" });
}

if ("onscrollend" in window && !document.getElementById("ask")) {
  history.scrollRestoration = "manual";
  addEventListener("load", () => {
    if (history.state) restore(history.state); else history.replaceState({ top: scrollY }, "");
  });
  addEventListener("scrollend", () => {
    const here = location.pathname + location.search === shown;
    if (here && !main.hasAttribute("aria-busy")) history.replaceState({ ...history.state, top: scrollY }, "");
  });
}

// -- the table: it ends where the view ends, so that its head stays in sight; a stop of the Tab key if it scrolls -----

function fit() {
  const region = main.querySelector(".region");
  if (!region || main.querySelector(".under details[open]")) return;
  const below = document.documentElement.scrollHeight - scrollY - region.getBoundingClientRect().bottom;
  region.style.setProperty("--below", `${Math.ceil(below)}px`);
  const scrolls = region.scrollWidth > region.clientWidth || region.scrollHeight > region.clientHeight;
  if (scrolls && getComputedStyle(region).overflowX !== "visible") region.tabIndex = 0; else region.removeAttribute("tabindex");
}

/** Takes the names along where the page scrolls a region that scrolls sideways: nothing sticks to the view in there. */
function follow() {
  const region = main.querySelector(".region"), head = region?.querySelector("thead");
  if (!head || getComputedStyle(region).overflowX === "visible") return;
  const row = getComputedStyle(head).display === "contents" ? head.rows[0] : head, box = region.getBoundingClientRect();
  const down = Math.max(0, Math.min(-box.top, box.height - row.offsetHeight));
  row.style.translate = down ? `0 ${down}px` : "";
}

// -- the rest ----------------------------------------------------------------------------------------

function enhance() {
  main.querySelectorAll("input[data-suggest]").forEach(complete);
  for (const a of main.querySelectorAll("a.switch")) {
    a.setAttribute("role", "switch");
    a.setAttribute("aria-checked", String(a.classList.contains("on")));
    a.querySelector(".state")?.remove();
  }
  for (const button of main.querySelectorAll("button[data-copy]")) button.hidden = false;
  fit();
  const narrow = document.getElementById("ask") ? "(max-width: 63.99rem)" : "(max-width: 47.99rem)";
  if (matchMedia(narrow).matches) main.querySelector("details.narrow")?.removeAttribute("open");
}

main.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key === " " && target.matches("a[role=switch]")) { event.preventDefault(); target.click(); }
  if (key === "Escape" && !event.defaultPrevented && target.closest("details.fold[open]")) {
    const details = target.closest("details.fold");
    details.open = false;
    details.querySelector("summary").focus();
  }
});

main.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    say(button.textContent = status.dataset.copied);
  } catch {
    getSelection().selectAllChildren(source);
  }
});

document.addEventListener("click", (event) => {
  for (const details of main.querySelectorAll("details.fold[open]")) if (!details.contains(event.target)) details.open = false;
});

// Paper shows what is folded, and folds it again.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...main.querySelectorAll("details:not([open]):not(.fold)")];
  folded.forEach((details) => { details.open = true; });
});
addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));

addEventListener("resize", fit);
addEventListener("scroll", follow, { passive: true });
enhance();
