/* What a page does beyond links and forms, all of it optional: live replies, local times, focus, the frame's height.
   Every request carries the mount's headers, because in a frame there may be no cookie.

   The same for a page of our own (root is the document, frame its body) and for views inside a page of the host
   (root is a shadow root, frame the element that htmx navigates in); of these there may be several. */
"use strict";
(() => {
  /* Read by a browser without htmx.config of its own page: inside a page of the host there is no <meta> of ours. */
  const SWAPPED = new Set([403, 404, 409, 422]);

  function attach(root, frame) {
    const isPage = root === document;
    const find = (id) => root.getElementById(id);
    const headers = () => JSON.parse(frame.getAttribute("hx-headers") || "{}");
    const say = (text) => { find("status").textContent = text; };
    const alarm = (text) => { find("alerts").textContent = text; };
    const isView = (element) => (isPage ? element === frame : element.id === "companion-view");

    /* Exact times in the reader's own zone and language. */
    function localTimes(part) {
      const language = frame.lang || document.documentElement.lang || undefined;
      const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
      for (const time of part.querySelectorAll("time[datetime]")) time.title = format.format(new Date(time.dateTime));
    }

    /* New posts go where they belong in the tree: before the first post with a greater path. */
    function insertPosts(list, html) {
      const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll(".post");
      let added = 0;
      for (const post of fresh) {
        if (find(post.id)) continue;
        const next = [...list.querySelectorAll("[data-path]")].find((other) => other.dataset.path > post.dataset.path);
        if (!next && "hasMore" in list.dataset) continue;
        list.insertBefore(document.adoptNode(post), next || null);
        htmx.process(post);
        localTimes(post);
        added += 1;
      }
      return added;
    }

    const withAfter = (url, number) => url.replace(/([?&]after=)\d+/, `$1${number}`);
    const ask = (url, more) => fetch(url, { headers: { ...headers(), "HX-Request": "true", ...more }, credentials: "same-origin", cache: "no-store" });
    const isOver = (response) => [401, 403, 404].includes(response.status);
    let etag = "";

    async function fetchPosts() {
      const list = find("posts");
      if (!list) return 0;
      const response = await ask(list.dataset.livePosts, { "If-None-Match": etag });
      if (isOver(response)) { stop(); return 0; }
      if (response.status !== 200) return 0;
      etag = response.headers.get("ETag") || "";
      const added = insertPosts(list, await response.text());
      list.dataset.livePosts = withAfter(list.dataset.livePosts, response.headers.get("X-Companion-Last"));
      if (added) say(list.dataset.news.replace("{number}", added));
      return added;
    }

    async function fetchList() {
      const banner = find("banner");
      if (!banner || banner.childElementCount) return;
      const response = await ask(banner.dataset.liveList, {});
      if (isOver(response)) stop();
      if (response.status !== 200) return;
      banner.innerHTML = await response.text();
      htmx.process(banner);
    }

    /* One question at a time, none while nobody looks, slower while the server does not answer. */
    let timer = 0;
    let wait = 0;
    let failures = 0;
    /* Of ten views in a unit one or two are in sight: the others need no news. */
    let inSight = isPage;
    const stop = () => { clearTimeout(timer); wait = 0; };
    const schedule = () => { clearTimeout(timer); if (wait) timer = setTimeout(askForNews, Math.min(wait * 2 ** failures, 60000)); };
    async function askForNews() {
      if (!frame.isConnected) { stop(); return; }
      try {
        if (document.visibilityState === "visible" && inSight) { await fetchPosts(); await fetchList(); }
        failures = 0;
      } catch { failures += 1; }
      schedule();
    }

    function show(post) {
      post.focus({ preventScroll: true });
      post.scrollIntoView({ block: "nearest" });
    }

    /* After one's own reply: fetch it like any other, and put the focus on it. */
    root.addEventListener("companion:posted", async (event) => {
      try { await fetchPosts(); } catch { alarm(frame.dataset.offline); }
      const post = find(`post-${event.detail.value}`);
      if (post) show(post);
    });

    /* The page's height for platforms that listen; the origin does not matter, a height is no secret. */
    function announceHeight() {
      if (window.parent === window || !frame.dataset.resize) return;
      const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
      window.parent.postMessage({ subject: frame.dataset.resize, height }, "*");
    }

    root.addEventListener("click", (event) => {
      const cancel = event.target.closest("[data-cancel]");
      const toPost = !isPage && event.target.closest('a[href^="#post-"]');
      if (cancel) {
        const post = cancel.closest(".post");
        event.preventDefault();
        event.stopPropagation();
        cancel.closest(".slot").replaceChildren();
        post.focus();
      } else if (toPost && find(toPost.hash.slice(1))) {
        /* The host's page has no such anchor: ours is in the shadow root. */
        event.preventDefault();
        show(find(toPost.hash.slice(1)));
      }
    }, true);

    root.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
        event.target.form.requestSubmit(event.target.form.querySelector("button.primary"));
      }
      const slot = event.key === "Escape" && event.target.closest(".slot");
      if (slot) slot.querySelector("[data-cancel]").click();
    });

    /* A form without htmx must not be sent twice by two clicks either; the server would make one post of them. */
    root.addEventListener("submit", (event) => {
      if (event.target.matches("[hx-post], [hx-boost=true] form")) return;
      if (event.target.dataset.sent) { event.preventDefault(); return; }
      event.target.dataset.sent = "1";
      setTimeout(() => { delete event.target.dataset.sent; }, 4000);
    });

    root.addEventListener("htmx:configRequest", (event) => {
      const name = frame.dataset.csrfCookie;
      if (!name) return;
      const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
      if (cookie) event.detail.headers["X-CSRFToken"] = decodeURIComponent(cookie.slice(name.length + 1));
    });

    /* A refusal is a page to read: the host's htmx may be set up not to show it. */
    root.addEventListener("htmx:beforeSwap", (event) => {
      if (!isPage && SWAPPED.has(event.detail.xhr.status)) {
        event.detail.shouldSwap = true;
        event.detail.isError = false;
      }
    });

    root.addEventListener("htmx:afterSwap", (event) => {
      alarm("");
      localTimes(event.target);
      if (isView(event.target)) {
        etag = "";
        start();
        const list = find("posts");
        const goto = list && list.dataset.goto && find(list.dataset.goto);
        if (goto) { show(goto); return; }
        find("main").focus({ preventScroll: !isPage });
        if (!isPage) frame.scrollIntoView({ block: "nearest" });
        return;
      }
      const wrong = event.target.querySelector("[aria-invalid=true], .errors");
      const first = wrong || event.target.querySelector("textarea, input:not([type=hidden]), button");
      if (wrong && wrong.matches(".errors")) wrong.tabIndex = -1;
      if (first && !event.target.matches("[aria-live]")) first.focus();
    });
    root.addEventListener("htmx:sendError", () => alarm(frame.dataset.offline));
    root.addEventListener("htmx:responseError", (event) => {
      const status = event.detail.xhr.status;
      alarm(status === 401 ? frame.dataset.expired : frame.dataset.offline);
    });

    /* Without cookies a reload would end the session; this tab may keep the token instead, where it is allowed to. */
    function keepForReload() {
      const handle = frame.dataset.session;
      if (!handle) return;
      try { sessionStorage.setItem(`companion-${handle}`, JSON.stringify(headers())); } catch { /* not allowed here */ }
    }

    function start() {
      keepForReload();
      localTimes(frame);
      wait = Number(frame.dataset.liveMilliseconds) || 0;
      schedule();
      announceHeight();
    }
    if (isPage) {
      document.addEventListener("companion:resumed", start);
      new ResizeObserver(announceHeight).observe(document.documentElement);
    } else {
      new IntersectionObserver((entries) => { inSight = entries.at(-1).isIntersecting; }).observe(frame);
    }
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && wait) askForNews(); });
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
        Object.assign(htmx.config, { allowEval: false, includeIndicatorStyles: false, historyCacheSize: 0 });
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
