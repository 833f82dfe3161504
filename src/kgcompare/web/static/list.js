// What is ticked on a list: kept in its address, in every link of the page and in the bar. The page works without this.
"use strict";

{
  const ids = () => [...document.querySelectorAll("#chosen li")].map((chip) => chip.dataset.id);
  const boxes = () => main.querySelectorAll("input[type=checkbox][name=method]");

  /** An address of this list with these things chosen. */
  function chosen(address, things) {
    const url = new URL(address, location.href);
    url.searchParams.delete("method");
    url.searchParams.delete("compare");
    for (const thing of things) url.searchParams.append("method", thing);
    return url.pathname + url.search + url.hash;
  }

  function refresh() {
    const bar = document.getElementById("chosen"), things = ids(), full = things.length >= Number(bar.dataset.most);
    history.replaceState(history.state, "", chosen(location.href, things));
    shown = location.pathname + location.search;
    for (const a of document.querySelectorAll("main a[href], #languages a[href]")) {
      if (a.pathname === location.pathname && a.origin === location.origin && !a.type) a.href = chosen(a.href, things);
    }
    for (const chip of bar.querySelectorAll("li")) {
      chip.querySelector("a").href = chosen(location.href, things.filter((thing) => thing !== chip.dataset.id));
    }
    for (const box of boxes()) box.disabled = full && !box.checked;
    bar.querySelector(".number").textContent = things.length || "";
    bar.querySelector("[role=status]").textContent = full ? bar.dataset.full : things.length ? "" : bar.dataset.none;
  }

  function changed() {
    main.querySelector(".notice")?.remove();
    refresh();
  }

  function add(box) {
    const name = box.closest("li").querySelector(".title"), chip = document.createElement("li"), a = document.createElement("a");
    const times = document.createElement("span");
    chip.dataset.id = box.value;
    a.className = "chip";
    a.textContent = name.textContent + " ";
    for (const what of ["lang", "dir"]) if (name.hasAttribute(what)) a.setAttribute(what, name.getAttribute(what));
    a.setAttribute("aria-label", document.getElementById("chosen").dataset.remove.replace("{name}", name.textContent));
    times.textContent = "×";
    times.setAttribute("aria-hidden", "true");
    a.append(times);
    chip.append(a);
    document.querySelector("#chosen ul").append(chip);
    chip.scrollIntoView({ block: "nearest", inline: "end", behavior: "instant" });
  }

  main.addEventListener("change", ({ target }) => {
    if (!target.matches("input[type=checkbox][name=method]")) return;
    if (target.checked) add(target); else document.querySelector(`#chosen [data-id="${CSS.escape(target.value)}"]`)?.remove();
    changed();
  });

  main.addEventListener("click", (event) => {
    const chip = event.target.closest("#chosen li");
    if (!chip || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (chip.nextElementSibling || chip.previousElementSibling)?.querySelector("a");
    for (const box of boxes()) if (box.value === chip.dataset.id) box.checked = false;
    chip.remove();
    changed();
    (next || document.querySelector("#chosen button")).focus();
  }, true);

  // A browser that goes back may have ticked boxes by itself, without the address knowing.
  addEventListener("pageshow", () => {
    const known = new Set(ids());
    for (const box of boxes()) box.checked = known.has(box.value);
    if (document.getElementById("chosen")) refresh();
  });
}
