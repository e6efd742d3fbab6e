/* What a page does beyond links and forms, all of it optional: live replies, local times, focus, the frame's height.
   Every request carries the mount's headers, because in a frame there may be no cookie. */
"use strict";
(() => {
  const body = () => document.body;
  const headers = () => JSON.parse(body().getAttribute("hx-headers") || "{}");
  const say = (text) => { document.getElementById("status").textContent = text; };
  const alarm = (text) => { document.getElementById("alerts").textContent = text; };

  /* Exact times in the reader's own zone and language. */
  function localTimes(root) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
    for (const time of root.querySelectorAll("time[datetime]")) time.title = format.format(new Date(time.dateTime));
  }

  /* New posts go where they belong in the tree: before the first post with a greater path. */
  function insertPosts(list, html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll(".post");
    let added = 0;
    for (const post of fresh) {
      if (document.getElementById(post.id)) continue;
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
  let etag = "";

  async function fetchPosts() {
    const list = document.getElementById("posts");
    if (!list) return 0;
    const response = await fetch(list.dataset.livePosts, { headers: { ...headers(), "HX-Request": "true", "If-None-Match": etag }, credentials: "same-origin", cache: "no-store" });
    if (response.status === 401 || response.status === 403 || response.status === 404) { stop(); return 0; }
    if (response.status !== 200) return 0;
    etag = response.headers.get("ETag") || "";
    const added = insertPosts(list, await response.text());
    list.dataset.livePosts = withAfter(list.dataset.livePosts, response.headers.get("X-Companion-Last"));
    if (added) say(list.dataset.news.replace("{number}", added));
    return added;
  }

  async function fetchList() {
    const banner = document.getElementById("banner");
    if (!banner || banner.childElementCount) return;
    const response = await fetch(banner.dataset.liveList, { headers: { ...headers(), "HX-Request": "true" }, credentials: "same-origin", cache: "no-store" });
    if (response.status === 401 || response.status === 403 || response.status === 404) stop();
    if (response.status !== 200) return;
    banner.innerHTML = await response.text();
    htmx.process(banner);
  }

  /* One question at a time, none while nobody looks, slower while the server does not answer. */
  let timer = 0;
  let wait = 0;
  let failures = 0;
  const stop = () => { clearTimeout(timer); wait = 0; };
  const schedule = () => { clearTimeout(timer); if (wait) timer = setTimeout(ask, Math.min(wait * 2 ** failures, 60000)); };
  async function ask() {
    try {
      if (document.visibilityState === "visible") { await fetchPosts(); await fetchList(); }
      failures = 0;
    } catch { failures += 1; }
    schedule();
  }

  /* After one's own reply: fetch it like any other, and put the focus on it. */
  document.addEventListener("companion:posted", async (event) => {
    try { await fetchPosts(); } catch { alarm(body().dataset.offline); }
    const post = document.getElementById(`post-${event.detail.value}`);
    if (post) { post.focus({ preventScroll: true }); post.scrollIntoView({ block: "nearest" }); }
  });

  /* The page's height for platforms that listen; the origin does not matter, a height is no secret. */
  function announceHeight() {
    if (window.parent === window || !body().dataset.resize) return;
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    window.parent.postMessage({ subject: body().dataset.resize, height }, "*");
  }

  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("[data-cancel]");
    if (!cancel) return;
    const post = cancel.closest(".post");
    event.preventDefault();
    event.stopPropagation();
    cancel.closest(".slot").replaceChildren();
    post.focus();
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
      event.target.form.requestSubmit(event.target.form.querySelector("button.primary"));
    }
    const slot = event.key === "Escape" && event.target.closest(".slot");
    if (slot) slot.querySelector("[data-cancel]").click();
  });

  /* A form without htmx must not be sent twice by two clicks either; the server would make one post of them. */
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[hx-post], [hx-boost=true] form")) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
    setTimeout(() => { delete event.target.dataset.sent; }, 4000);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    alarm("");
    localTimes(event.target);
    if (event.target === body()) {
      etag = "";
      document.getElementById("main").focus();
      start();
      return;
    }
    const wrong = event.target.querySelector("[aria-invalid=true], .errors");
    const first = wrong || event.target.querySelector("textarea, input:not([type=hidden]), button");
    if (wrong && wrong.matches(".errors")) wrong.tabIndex = -1;
    if (first && !event.target.matches("[aria-live]")) first.focus();
  });
  document.addEventListener("htmx:sendError", () => alarm(body().dataset.offline));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    alarm(status === 401 ? body().dataset.expired : body().dataset.offline);
  });

  /* Without cookies a reload would end the session; this tab may keep the token instead, where it is allowed to. */
  function keepForReload() {
    const handle = body().dataset.session;
    if (!handle) return;
    try { sessionStorage.setItem(`companion-${handle}`, JSON.stringify(headers())); } catch { /* not allowed here */ }
  }

  function start() {
    keepForReload();
    localTimes(document);
    wait = Number(body().dataset.liveMilliseconds) || 0;
    schedule();
    announceHeight();
  }
  document.addEventListener("companion:resumed", start);
  start();
  new ResizeObserver(announceHeight).observe(document.documentElement);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && wait) ask(); });
})();
