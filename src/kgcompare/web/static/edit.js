// Values of a form are added, moved and removed at once. Without this the same buttons ask the server.
"use strict";

{
  const entries = (fieldset) => fieldset.querySelector(":scope > .entries");

  /** The next value of a field, empty: its template with a number that none has. */
  function fresh(fieldset) {
    const { name, level } = fieldset.dataset;
    const used = [...entries(fieldset).children].map((entry) => entry.dataset.at ?? entry.querySelector("[name]")?.name.slice(name.length + 1));
    const next = Math.max(-1, ...used.map((text) => parseInt(text, 10)).filter(Number.isFinite)) + 1;
    const template = document.createElement("template");
    const mark = name.includes("__") ? null : `${name}.__${level}__`;
    template.innerHTML = fieldset.querySelector(":scope > template").innerHTML.replaceAll(mark, `${name}.${next}`);
    const entry = template.content.firstElementChild;
    entry.dataset.at = next;
    return entry;
  }

  function focus(element) {
    const field = element?.matches("input, select, textarea, button") ? element : element?.querySelector("input:not([type=hidden]), select, textarea, button");
    field?.focus();
  }

  // What is typed goes along into another language.
  const form = document.getElementById("edit"), sent = JSON.stringify([...new FormData(form)]);
  document.getElementById("languages").addEventListener("click", (event) => {
    const a = event.target.closest("a");
    if (!a || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!document.getElementById("looked") && JSON.stringify([...new FormData(form)]) === sent) return;
    event.preventDefault();
    form.action = a.href;
    form.requestSubmit(form.querySelector(".send button"));
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    const [verb] = button?.value.split(" ") ?? [];
    if (!["add", "remove", "up", "down"].includes(verb)) return;
    event.preventDefault();
    if (verb === "add") {
      const fieldset = button.closest("fieldset"), entry = fresh(fieldset);
      entries(fieldset).append(entry);
      entry.querySelectorAll("input[data-suggest]").forEach(complete);
      focus(entry);
      return;
    }
    const entry = button.closest(".entry"), { previousElementSibling: before, nextElementSibling: after } = entry;
    if (verb === "remove") {
      const fieldset = entry.closest("fieldset");
      entry.remove();
      focus(after || before || fieldset.querySelector(":scope > p > button"));
    } else {
      if (verb === "up") before?.before(entry); else after?.after(entry);
      button.focus();
    }
  });
}
