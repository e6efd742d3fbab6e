/* What a page does beyond links and forms, all of it optional: focus, menus, local times, the frame's height. Live news,
   the video and aids for writing are parts of their own: each file adds a function to window.CompanionParts before this
   one runs. Every request carries the mount's headers, because in a frame there may be no cookie.

   The same for a page of our own (root is the document, frame its body) and for views inside a page of the host
   (root is a shadow root, frame the element that htmx navigates in); of these there may be several. */
"use strict";
(() => {
  /* Read by a browser without htmx.config of its own page: inside a page of the host there is no <meta> of ours. */
  const SWAPPED = new Set([403, 404, 409, 422, 429]);

  function attach(root, frame) {
    const isPage = root === document;
    const find = (id) => root.getElementById(id);
    const headers = () => JSON.parse(frame.getAttribute("hx-headers") || "{}");
    const alarm = (text) => { find("alerts").textContent = text; };
    const isView = (element) => (isPage ? element === frame : element.id === "companion-view");

    /* Politely; the same words once more are said again. */
    function say(text) {
      find("status").textContent = "";
      setTimeout(() => { find("status").textContent = text; }, 50);
    }

    function show(element) {
      element.focus({ preventScroll: true });
      element.scrollIntoView({ block: "nearest" });
    }

    /* Exact times in the reader's own zone and language. */
    function localTimes(part) {
      const language = frame.lang || document.documentElement.lang || undefined;
      const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
      for (const time of part.querySelectorAll("time[datetime]")) {
        const words = format.format(new Date(time.dateTime));
        if (!("exact" in time.dataset)) time.title = words;
        else if (!time.title) { time.title = time.textContent; time.textContent = words; }
      }
    }

    /* -- parts -- */

    const inserted = (part) => { htmx.process(part); refresh(part); };
    const given = { root, frame, isPage, find, headers, say, alarm, show, inserted };
    const parts = (window.CompanionParts || []).map((make) => make(given));

    function refresh(part) {
      localTimes(part);
      for (const button of isPage ? part.querySelectorAll("[data-print]") : []) button.hidden = false;
      for (const field of part.querySelectorAll("[data-zone]")) field.placeholder = Intl.DateTimeFormat().resolvedOptions().timeZone;
      /* One tap in an e-mail is one tap: a look alone changes nothing, so the page sends what was tapped. */
      for (const form of isPage ? part.querySelectorAll("form[data-sends-itself]") : []) form.requestSubmit();
      for (const made of parts) made.refresh(part);
    }

    /* -- menus -- */

    function close(menu) {
      if (menu.contains(root.activeElement)) menu.querySelector("summary").focus({ preventScroll: true });
      menu.open = false;
    }

    /* To where there is room: a frame shows nothing beyond its edges. */
    root.addEventListener("toggle", ({ target: menu }) => {
      if (!menu.matches("details.menu[open]")) return;
      const list = menu.lastElementChild;
      const bar = frame.querySelector(".bar");
      menu.classList.remove("up");
      list.style.translate = "";
      const around = frame.getBoundingClientRect();
      const { left, right, bottom, height } = list.getBoundingClientRect();
      list.style.translate = `${Math.max(0, around.left + 4 - left) - Math.max(0, right - around.right + 4)}px`;
      if (bottom <= window.innerHeight) return;
      if (menu.getBoundingClientRect().top - height > (bar ? bar.offsetHeight : 0)) menu.classList.add("up");
      else list.scrollIntoView({ block: "nearest" });
    }, true);

    document.addEventListener("click", (event) => {
      const path = event.composedPath();
      for (const menu of root.querySelectorAll("details.menu[open]")) {
        if (!path.includes(menu)) menu.open = false;
        else if (path[0].closest("a:not([data-copy]), button")) close(menu);
      }
    });
    root.addEventListener("focusout", (event) => {
      const menu = event.target.closest("details.menu[open]");
      /* Where a press gives no focus to what is pressed, the focus goes elsewhere before the click comes. */
      if (menu && event.relatedTarget && !menu.contains(event.relatedTarget) && !menu.matches(":active")) menu.open = false;
    });

    /* -- copying a link -- */

    /* The address for anywhere is that of number 1, with the post's own number. */
    async function copy(link) {
      const { permalink, copied } = find("posts").dataset;
      const post = link.closest(".post");
      const address = permalink ? permalink.replace(/\/1\/(?!.*\/1\/)/, `/${post.id.replace("post-", "")}/`) : link.href;
      const menu = link.closest("details.menu");
      const words = (link.dataset.copy ||= link.textContent);
      try {
        /* Asked first: a browser would complain in its console. */
        if (document.featurePolicy && !document.featurePolicy.allowsFeature("clipboard-write")) throw new Error();
        await navigator.clipboard.writeText(address);
        link.textContent = copied;
        say(copied);
        setTimeout(() => { link.textContent = words; close(menu); }, 1500);
      } catch {
        /* Most frames may not; some may in the old way, and everybody can copy what is selected. */
        menu.open = false;
        const field = Object.assign(document.createElement("input"), { type: "text", readOnly: true, value: address, dir: "ltr" });
        const label = Object.assign(document.createElement("label"), { className: "field address", textContent: words });
        label.append(field);
        post.querySelector(".slot").replaceChildren(label);
        field.select();
        field.focus();
        if (document.execCommand("copy")) { label.firstChild.data = copied; say(copied); }
      }
    }

    function empty(slot) {
      slot.replaceChildren();
      slot.closest(".post").focus();
    }

    root.addEventListener("click", (event) => {
      const cancel = event.target.closest("[data-cancel]");
      const link = event.target.closest("a[data-copy]");
      /* The host's page has no such anchor, ours is in the shadow root; and a post that is here needs no new page. */
      const jump = event.target.closest(isPage ? "a[data-first-new]" : "a[data-first-new], a[href^='#post-']");
      const goal = jump && find(jump.dataset.firstNew || jump.hash.slice(1));
      if (!cancel && !link && !goal) return;
      event.preventDefault();
      event.stopPropagation();
      if (link) copy(link);
      else if (goal) show(goal);
      else empty(cancel.closest(".slot"));
    }, true);

    root.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
        event.target.form.requestSubmit(event.target.form.querySelector("button.primary"));
      }
      if (event.key !== "Escape") return;
      const menu = event.target.closest("details.menu[open]");
      const slot = event.target.closest(".slot");
      if (menu) close(menu);
      else if (slot) empty(slot);
    });

    /* A form without htmx must not be sent twice by two clicks either; the server would make one post of them. */
    root.addEventListener("submit", (event) => {
      if (event.target.matches("[hx-post], [hx-boost=true] form:not([hx-boost=false])")) return;
      if (event.target.dataset.sent) { event.preventDefault(); return; }
      event.target.dataset.sent = "1";
      setTimeout(() => { delete event.target.dataset.sent; }, 4000);
    });

    /* -- htmx -- */

    root.addEventListener("htmx:configRequest", (event) => {
      const name = frame.dataset.csrfCookie;
      if (!name) return;
      const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
      if (cookie) event.detail.headers["X-CSRFToken"] = decodeURIComponent(cookie.slice(name.length + 1));
    });

    /* The button that was pressed in a post that is about to be drawn anew: it keeps the focus. */
    let pressed = "";

    root.addEventListener("htmx:beforeSwap", (event) => {
      const { target, requestConfig: { triggeringEvent }, xhr } = event.detail;
      pressed = (target.matches(".post") && triggeringEvent?.submitter?.name) || "";
      /* A refusal is a page to read: the host's htmx may be set up not to show it. */
      if (!isPage && SWAPPED.has(xhr.status)) {
        event.detail.shouldSwap = true;
        event.detail.isError = false;
      }
    });

    root.addEventListener("htmx:afterSwap", ({ target: part }) => {
      if (event.target.id !== "alerts") alarm("");
      if (isView(part)) { begin(); return; }
      refresh(part);
      if (part.matches("article.post, .gone")) { showPost(part); return; }
      if (part.matches("[aria-live]")) return;
      const wrong = part.querySelector("[aria-invalid=true], .errors");
      const first = wrong || part.querySelector("textarea, select, input:not([type=hidden]), button") || part;
      if (first === part || first.matches(".errors")) first.tabIndex = -1;
      first.focus();
    });
    root.addEventListener("htmx:sendError", () => alarm(frame.dataset.offline));
    root.addEventListener("htmx:responseError", ({ detail }) => alarm(frame.dataset[detail.xhr.status === 401 ? "expired" : "offline"]));

    function showPost(post) {
      const button = pressed && post.querySelector(`button[name="${CSS.escape(pressed)}"]`);
      const near = post.matches(".gone") ? post.nextElementSibling || post.previousElementSibling || find("main") : post;
      (button || near).focus({ preventScroll: true });
    }

    /* A new view in place of another one. */
    function begin() {
      start();
      const goal = find(find("posts")?.dataset.goto || "") || frame.querySelector("[aria-invalid=true]");
      if (goal) { show(goal); return; }
      find("main").focus({ preventScroll: !isPage });
      if (!isPage) frame.scrollIntoView({ block: "nearest" });
    }

    /* -- the frame -- */

    /* The page's height for platforms that listen; the origin does not matter, a height is no secret. */
    function announceHeight() {
      if (window.parent === window || !frame.dataset.resize) return;
      const { height } = document.documentElement.getBoundingClientRect();
      window.parent.postMessage({ subject: frame.dataset.resize, height: Math.ceil(height) }, "*");
    }

    /* Without cookies a reload would end the session; this tab may keep the token instead, where it is allowed to. */
    function keepForReload() {
      const { session } = frame.dataset;
      try { if (session) sessionStorage.setItem(`companion-${session}`, JSON.stringify(headers())); } catch { /* not allowed here */ }
    }

    function start() {
      keepForReload();
      refresh(frame);
      announceHeight();
    }
    if (isPage) {
      /* A page that comes back after a reload (resume.js of the LTI tool) brings a body of its own. */
      document.addEventListener("companion:resumed", () => {
        const { body } = document;
        for (const { name, value } of body.attributes) frame.setAttribute(name, value);
        frame.replaceChildren(...body.childNodes);
        body.replaceWith(frame);
        start();
      });
      new ResizeObserver(announceHeight).observe(document.documentElement);
    }
    start();
  }

  /* htmx once a page: the host's own where it has one. */
  let loading = null;
  function withHtmx(url) {
    if (window.htmx) return Promise.resolve();
    loading ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = () => {
        Object.assign(htmx.config, { allowEval: false, includeIndicatorStyles: false, historyCacheSize: 0, defaultSettleDelay: 0 });
        resolve();
      };
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  }

  /* Somebody may click while htmx is still on its way: that click waits, instead of leaving the host's page. */
  function holdClicks(root) {
    let held = null;
    const hold = (event) => {
      const pressed = event.target.closest("a, button");
      if (!pressed || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      held = pressed;
    };
    root.addEventListener("click", hold);
    return { end: () => { root.removeEventListener("click", hold); if (held) held.click(); } };
  }

  /* The views of ours in a part of the host's page. A parser has built their shadow roots, innerHTML has not. */
  function embed(part) {
    for (const host of part.querySelectorAll(".companion-host:not([data-ready])")) {
      host.dataset.ready = "";
      const template = host.querySelector("template");
      if (!host.shadowRoot && template) {
        host.attachShadow({ mode: "open" }).append(template.content);
        template.remove();
      }
      const frame = host.shadowRoot.querySelector(".companion");
      if (frame.inert || !frame.hasAttribute("hx-boost")) continue;
      const wait = holdClicks(host.shadowRoot);
      withHtmx(host.dataset.htmx).then(() => { htmx.process(frame); attach(host.shadowRoot, frame); }, () => {}).finally(wait.end);
    }
  }

  window.CompanionEmbed = embed;

  /* What an XBlock's fragment calls, with a DOM element or one wrapped by jQuery. */
  window.CompanionBlock = function CompanionBlock(_runtime, element) {
    embed(element.jquery ? element[0] : element);
  };

  function begin() {
    if (document.body.hasAttribute("data-companion-page")) attach(document, document.body);
    else embed(document);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
