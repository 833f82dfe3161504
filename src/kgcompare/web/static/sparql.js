// The query page: YASGUI's editor and tables (yasgui/yasgui.js) where the form stands, which works without them.
"use strict";

{
  const form = document.getElementById("ask"), field = form.elements.query, words = form.dataset;
  const run = document.getElementById("run"), runs = run.textContent;
  const result = document.getElementById("result"), take = document.getElementById("take");
  const copy = take.querySelector("button"), copies = copy.textContent;
  const LONGEST = 16000;
  const FORMATS = { SELECT: ["csv", "tsv", "json", "xml"], ASK: ["json", "xml"] }, STATEMENTS = ["ttl", "jsonld", "nt", "rdf"];

  // -- what is completed: prefixes, and classes and properties by IRI, by prefixed name or by label -----

  const terms = { base: "", prefixes: {}, classes: {}, properties: {} };
  const known = fetch(words.terms).then((answer) => answer.json()).then((found) => Object.assign(terms, found)).catch(() => terms);

  function short(yasqe, iri) {
    for (const [prefix, start] of Object.entries({ ...terms.prefixes, ...yasqe.getPrefixesFromQuery() })) {
      if (iri.startsWith(start) && /^[\w-]+$/.test(iri.slice(start.length))) return `${prefix}:${iri.slice(start.length)}`;
    }
    return `<${iri}>`;
  }

  function matching(labels, { autocompletionString: text }) {
    const [prefix, local] = text.split(":");
    if (local !== undefined && terms.prefixes[prefix]) text = terms.prefixes[prefix] + local;
    const part = text.toLowerCase();
    const named = (iri) => `${iri.split(/[/#]/).pop()} ${labels[iri]}`.toLowerCase().includes(part);
    return Object.keys(labels).filter((iri) => iri.startsWith(text) || named(iri));
  }

  function completer(name, kind) {
    const labels = new Map();
    Yasqe.forkAutocompleter(name, {
      name,
      get: async (_, token) => matching((await known)[kind], token),
      postProcessSuggestion: (yasqe, _, iri) => {
        const text = short(yasqe, iri);
        labels.set(text, terms[kind][iri]);
        return text;
      },
      postprocessHints: (_, hints) => hints.map((hint) => ({ ...hint, displayText: `${hint.text}   ${labels.get(hint.text)}` })),
    });
  }

  completer("class", "classes");
  completer("property", "properties");
  Yasqe.forkAutocompleter("prefixes", {
    name: "prefixes",
    persistenceId: null,
    get: async () => Object.entries((await known).prefixes).map(([name, start]) => `${name}: <${start}>`),
  });

  // -- the editor --------------------------------------------------------------------------------------

  field.hidden = document.getElementById("run-csv").hidden = true;
  document.getElementById("keys").hidden = false;
  const LEAVING = { Tab: false, "Shift-Tab": false }; // after Escape the browser has these keys again
  const editor = document.createElement("div");
  field.after(editor);
  const yasqe = new Yasqe(editor, {
    value: field.value,
    persistenceId: "given" in words ? null : "kgcompare-query", // what an address names is not kept, and wins
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    resizeable: false,
    editorHeight: "auto",
    screenReaderLabel: field.labels[0].textContent,
    requestConfig: { endpoint: form.action, acceptHeaderGraph: "text/turtle" },
    extraKeys: { Esc: () => yasqe.addKeyMap(LEAVING) },
  });
  for (const event of ["blur", "change"]) yasqe.on(event, () => yasqe.removeKeyMap(LEAVING));
  field.labels[0].addEventListener("click", () => yasqe.focus());
  field.required = false; // it has left the page, and could not be focused

  // -- the result --------------------------------------------------------------------------------------

  const yasr = new Yasr(result, {
    persistenceId: null,
    prefixes: () => ({ ...terms.prefixes, ...yasqe.getPrefixesFromQuery() }),
    plugins: { table: { dynamicConfig: { compact: true, isEllipsed: false } } },
    errorRenderers: [async ({ text }) => {
      const line = document.createElement("p"), said = document.createElement("span");
      try {
        const { title, detail } = JSON.parse(text);
        said.textContent = `${title}: ${detail}`;
        said.lang = "en";
      } catch {
        said.textContent = words.none;
      }
      line.append(said);
      return line;
    }],
  });
  for (const name of ["downloadIcon", "external_ref_btn"]) yasr.headerEl.querySelector(`.yasr_${name}`).remove();
  yasr.rootEl.lang = "en";
  for (const [name, value] of [["role", "region"], ["tabindex", "0"], ["aria-labelledby", "result-title"]]) yasr.resultsEl.setAttribute(name, value);

  yasr.on("drawn", () => {
    for (const button of yasr.headerEl.querySelectorAll(".yasr_btnGroup button")) {
      button.setAttribute("aria-pressed", String(button.classList.contains("selected")));
    }
    yasr.headerEl.querySelector(".tableSizer")?.setAttribute("aria-label", "Page size");
    say((result.querySelector(".errorResult, .booleanResult") || result.querySelector(".yasr_response_chip")).textContent);
  });

  // Whatever the host in the IRI of what the catalogue describes, its page is on this server.
  new MutationObserver(() => {
    for (const a of yasr.resultsEl.querySelectorAll("a.iri")) {
      if (terms.base && a.href.startsWith(terms.base)) a.href = words.root + a.href.slice(terms.base.length);
    }
  }).observe(yasr.resultsEl, { childList: true, subtree: true });

  // -- asking ------------------------------------------------------------------------------------------

  let busy = false, shown = "given" in words ? yasqe.getValue() : null;

  function address(query, format) {
    const url = new URL(form.action), lang = new URLSearchParams(location.search).get("lang");
    if (query.length <= LONGEST) url.searchParams.set("query", query);
    if (lang) url.searchParams.set("lang", lang);
    if (format) url.searchParams.set("format", format);
    return url.href;
  }

  function offer(query) {
    if (query !== shown) history.replaceState(null, "", address(query));
    shown = query;
    for (const a of document.querySelectorAll("#languages a")) {
      const url = new URL(location.href);
      url.searchParams.set("lang", a.lang);
      a.href = url.href;
    }
    document.getElementById("address").textContent = location.href;
    copy.textContent = copies;
    const formats = FORMATS[yasqe.getQueryType()] || STATEMENTS;
    for (const item of take.querySelectorAll("[data-format]")) {
      item.hidden = !formats.includes(item.dataset.format);
      item.firstElementChild.href = address(query, item.dataset.format);
    }
    take.hidden = query.length > LONGEST;
  }

  function turn(on) {
    busy = on;
    run.textContent = on ? words.stop : runs;
    result.setAttribute("aria-busy", String(on));
    if (on) say(words.running);
  }

  yasqe.on("query", () => {
    turn(true);
    offer(yasqe.getValue());
  });
  yasqe.on("queryAbort", () => turn(false));
  yasqe.on("queryResponse", (_, response, duration) => {
    turn(false);
    if (response.name === "AbortError") return;
    const first = result.hidden;
    result.hidden = false;
    yasr.setResponse(response, duration);
    if (!(first && "given" in words)) result.scrollIntoView({ block: "nearest" });
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (busy) yasqe.abortQuery(); else yasqe.query().catch(() => {}); // the answer is shown above, good or bad
  });

  if (shown !== null) yasqe.query().catch(() => {});
}
