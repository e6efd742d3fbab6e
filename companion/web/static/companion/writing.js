/* What helps to write, for every form[data-writing]: drafts kept on the device, room left, names after an @, times of
   the video; pictures are in pictures.js. All of it optional; its words are in the form's [data-aids]. */
"use strict";
(window.CompanionParts ||= []).push(({ root, frame, find, headers, say }) => {
  const DRAFT = "companion-draft.";
  const SENT = "companion-sent";
  const KEEP_MILLISECONDS = 30 * 24 * 60 * 60 * 1000;
  const MOST_DRAFTS = 50;
  const MENTION = /(?:^|[^\p{L}\p{N}@])@(\p{L}[^\s@]*(?: [^\s@]+){0,2} ?)$/u;
  const TIME = /(?:^|[^\d:])((?:\d{1,2}:)?\d{1,2}:[0-5]\d)(?![\d:])/;

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function button(label, press, look = "quiet") {
    const element = make("button", { type: "button", class: look }, label);
    element.addEventListener("click", press);
    return element;
  }

  function describe(field, id) {
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${id}`.trim());
  }

  /* As if it had been typed, so that it can be undone. */
  function type(text, start, end, words) {
    text.focus();
    text.setSelectionRange(start, end);
    if (document.execCommand("insertText", false, words)) return;
    text.setRangeText(words, start, end, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* The device's storage; in a frame it may be forbidden, and it may be full. */
  function recall(storage, key) {
    try { return JSON.parse(window[storage].getItem(key)); } catch { return null; }
  }
  function remember(storage, key, value) {
    try {
      if (value) window[storage].setItem(key, JSON.stringify(value));
      else window[storage].removeItem(key);
    } catch { /* then this text is kept by its page alone */ }
  }

  function forgetOldDrafts() {
    let keys = [];
    try { keys = Object.keys(localStorage).filter((key) => key.startsWith(DRAFT)); } catch { /* not allowed here */ }
    const age = (key) => Date.now() - (recall("localStorage", key)?.at || 0);
    keys.sort((one, other) => age(one) - age(other));
    keys.forEach((key, place) => { if (place >= MOST_DRAFTS || age(key) > KEEP_MILLISECONDS) remember("localStorage", key); });
  }

  /* A form that goes without htmx takes its page along. Whether it was taken, the next page of this tab shows: it comes
     from the form's address and has posts on it, where a refusal has the form or a few words. */
  function settleSent() {
    const sent = recall("sessionStorage", SENT);
    remember("sessionStorage", SENT);
    if (sent && find("posts") && document.referrer === sent.from) remember("localStorage", sent.key, sent.left);
  }

  /* Texts that wait for their moment to be kept, as functions that do it now. */
  const unsaved = new Set();
  const saveAll = () => { for (const save of [...unsaved]) save(); };
  window.addEventListener("pagehide", saveAll);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saveAll(); });

  /* By form: keep its text now, and say what its draft is, for when it has been taken. */
  const writers = new WeakMap();

  /* What is typed, on this device, until it is posted or thrown away. An earlier attempt is offered, never put in
     unasked; while it waits for an answer, it is kept together with what is typed now. */
  function keepDraft(form, text, aids) {
    const key = `${DRAFT}${form.dataset.person}.${form.dataset.draft}`;
    const { title, anonymous } = form.elements;
    const isRefused = form.querySelector("[aria-invalid=true], .errors, .errorlist");
    const now = () => ({ title: title ? title.value : "", body: text.value });
    const same = (one, other) => one.title === other.title && one.body === other.body;
    const first = isRefused ? { title: "", body: "" } : { title: title ? title.defaultValue : "", body: text.defaultValue };
    let offered = recall("localStorage", key);
    let timer = 0;

    function both() {
      if (!offered || same(now(), first)) return offered || now();
      return { title: now().title || offered.title, body: [offered.body, now().body].filter(Boolean).join("\n\n") };
    }
    function save() {
      clearTimeout(timer);
      unsaved.delete(save);
      const isHidden = Boolean((anonymous && anonymous.checked) || (offered && offered.anonymous));
      const draft = { ...both(), anonymous: isHidden, at: Date.now() };
      const isEmpty = !(draft.title + draft.body).trim();
      remember("localStorage", key, isEmpty || same(draft, first) ? null : draft);
    }
    form.addEventListener("input", () => {
      clearTimeout(timer);
      unsaved.add(save);
      timer = setTimeout(save, 400);
    });

    function answer(draft) {
      offered = null;
      form.querySelector(".kept").remove();
      if (draft) {
        if (title) title.value = draft.title;
        text.value = draft.body;
        // Who hid their name then, must not show it now by pressing one button.
        if (anonymous && draft.anonymous) anonymous.checked = true;
        text.dispatchEvent(new Event("input", { bubbles: true }));
      } else save();
      text.focus();
    }
    function offer() {
      if (!offered || same(offered, now())) { offered = null; return; }
      const words = make("p", { id: `${text.id}-kept` }, aids.dataset.restore);
      const use = button(aids.dataset.restoreUse, () => answer({ ...offered, ...both() }), "");
      const drop = button(aids.dataset.restoreDrop, () => answer(null));
      (title || text).closest(".field").before(make("div", { class: "notice kept" }, words, use, drop));
      describe(text, words.id);
      if (root.activeElement === text) say(aids.dataset.restore);
    }
    /* Not before the browser has put back what it remembers of the page, and the focus is where it belongs. */
    if (document.readyState === "complete") setTimeout(offer);
    else window.addEventListener("load", () => setTimeout(offer), { once: true });

    function taken() {
      clearTimeout(timer);
      unsaved.delete(save);
      remember("localStorage", key, offered);
    }
    form.addEventListener("htmx:beforeOnLoad", ({ detail: { elt, xhr } }) => {
      const hasPost = (xhr.getResponseHeader("HX-Trigger") || "").includes("companion:posted") || / data-path="/.test(xhr.response);
      if (elt === form && xhr.status < 300 && hasPost) taken();
    });
    writers.set(form, () => {
      save();
      return { key, left: offered, from: window.location.href.split("#")[0] };
    });
  }

  function countRoom(form, text, aids) {
    const limit = Number(text.dataset.limit);
    const language = frame.lang || document.documentElement.lang || undefined;
    const line = make("p", { class: "help room", id: `${text.id}-room`, hidden: "" });
    let timer = 0;
    function count() {
      clearTimeout(timer);
      line.hidden = text.value.length < limit * 0.9;
      if (line.hidden) return;
      const left = limit - [...text.value].length;
      line.classList.toggle("over", left < 0);
      line.textContent = (left < 0 ? aids.dataset.over : aids.dataset.left).replace("{number}", Math.abs(left).toLocaleString(language));
      if (root.activeElement === text) timer = setTimeout(() => say(line.textContent), 1000);
    }
    text.after(line);
    describe(text, line.id);
    text.addEventListener("input", count);
    count();
  }

  /* Names after an @: a list below the text, in the page's flow, so that it fits a frame and a phone. */
  function suggestPeople(form, text, aids) {
    const list = make("ul", { role: "listbox", class: "people", id: `${text.id}-people`, "aria-label": aids.dataset.suggestions, hidden: "" });
    let people = [];
    let [active, start, question, timer] = [0, 0, 0, 0];
    /* What was chosen, closed or not found: no more is asked about it as it gets longer. */
    let settled = "";

    function show() {
      list.replaceChildren(...people.map(({ insert, name }, place) => {
        const isActive = place === active;
        const option = make("li", { role: "option", id: `${list.id}-${place}`, "aria-selected": isActive }, make("bdi", {}, name));
        // Two of one name are told apart by a number.
        if (insert !== `@${name}`) option.append(" ", make("bdi", { class: "meta" }, insert.slice(name.length + 1)));
        option.addEventListener("click", () => choose(place));
        return option;
      }));
      list.hidden = !people.length;
      if (list.hidden) { text.removeAttribute("aria-activedescendant"); return; }
      text.setAttribute("aria-activedescendant", `${list.id}-${active}`);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
    function close() {
      clearTimeout(timer);
      question += 1;
      people = [];
      if (!list.hidden) show();
    }
    function choose(place) {
      const { insert } = people[place];
      const end = text.selectionEnd;
      settled = insert.slice(1);
      close();
      type(text, start, end, text.value[end] === " " ? insert : `${insert} `);
    }
    function typed() {
      const found = text.selectionStart === text.selectionEnd && MENTION.exec(text.value.slice(0, text.selectionStart));
      return found ? found[1] : "";
    }
    async function ask(words) {
      const mine = question;
      const url = new URL(aids.dataset.people, document.baseURI);
      url.searchParams.set("q", words.trim());
      if (aids.dataset.thread) url.searchParams.set("thread", aids.dataset.thread);
      const response = await fetch(url, { headers: headers(), credentials: "same-origin" });
      const found = response.ok ? (await response.json()).people : [];
      if (mine !== question || typed() !== words) return;
      if (list.hidden && found.length) say(aids.dataset.suggestions);
      [people, active, start] = [found, 0, text.selectionStart - words.length - 1];
      if (!found.length) settled = words;
      show();
    }
    text.addEventListener("input", (event) => {
      const words = typed();
      if (!words) settled = "";
      if (!words || event.isComposing || (settled && words.startsWith(settled))) { close(); return; }
      clearTimeout(timer);
      question += 1;
      timer = setTimeout(() => ask(words).catch(close), 150);
    });
    text.addEventListener("keydown", (event) => {
      if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { active = (active + step + people.length) % people.length; show(); }
      else if (event.key === "Enter" || event.key === "Tab") choose(active);
      else if (event.key === "Escape") { settled = typed(); close(); }
      else { if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close(); return; }
      // The slot around the form closes by Escape too.
      event.preventDefault();
      event.stopPropagation();
    });
    text.addEventListener("blur", close);
    text.addEventListener("click", close);
    list.addEventListener("mousedown", (event) => event.preventDefault());
    text.after(list);
    // A textarea stays a textbox, which has no aria-expanded: that the list is open is said when it opens.
    text.setAttribute("aria-autocomplete", "list");
    text.setAttribute("aria-haspopup", "listbox");
    text.setAttribute("aria-controls", list.id);
  }

  /* A time in the text is perhaps one of the video: an offer, because it may be one of the day. */
  function offerSecond(form, text, aids, row) {
    const field = form.elements.second;
    if (!field) return;
    let time = "";
    const offer = button("", () => { field.value = time; look(); field.focus(); });
    function look() {
      time = field.value ? "" : (TIME.exec(text.value) || ["", ""])[1];
      offer.hidden = !time;
      offer.textContent = aids.dataset.second.replace("{time}", time);
    }
    row.append(offer);
    form.addEventListener("input", look);
    look();
  }

  function showOnlyWhatFits(form) {
    const kind = form.elements.kind;
    if (!kind) return;
    const look = () => {
      for (const part of form.querySelectorAll("[data-only-kind]")) {
        part.hidden = part.dataset.onlyKind !== kind.value;
        for (const field of part.querySelectorAll("input")) field.disabled = part.hidden;
      }
    };
    kind.addEventListener("change", look);
    look();
  }

  /* A topic that the words speak of goes into its field at one press. */
  function takeTopics(form) {
    const field = form.elements.topics;
    if (!field) return;
    form.addEventListener("click", (event) => {
      const offer = event.target.closest("button[data-topic]");
      if (!offer) return;
      const names = field.value.split(",").map((name) => name.trim()).filter(Boolean);
      if (!names.includes(offer.dataset.topic)) field.value = [...names, offer.dataset.topic].join(", ");
      offer.setAttribute("aria-pressed", "true");
    });
  }

  function setUp(form) {
    const text = form.elements.body;
    const aids = form.querySelector("[data-aids]");
    const row = make("div", { class: "aids-row" });
    aids.append(row);
    keepDraft(form, text, aids);
    countRoom(form, text, aids);
    suggestPeople(form, text, aids);
    for (const aid of window.CompanionAids || []) aid({ form, text, aids, row, frame, headers, say, make, button, type });
    offerSecond(form, text, aids, row);
    showOnlyWhatFits(form);
    takeTopics(form);
  }

  /* Heard here, after htmx has had its say at the form itself. */
  root.addEventListener("submit", (event) => {
    const send = writers.get(event.target);
    const sent = send && send();
    if (sent && !event.defaultPrevented) remember("sessionStorage", SENT, sent);
  });
  forgetOldDrafts();
  settleSent();
  return {
    refresh() {
      for (const form of root.querySelectorAll("form[data-writing]")) if (!writers.has(form)) setUp(form);
    },
  };
});
