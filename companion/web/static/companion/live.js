/* What happens while a page is open: replies, edits and marks of others, and word that a list has something new.

   Neither what one reads nor the cursor moves because of somebody else. A new post goes in where it moves nothing in
   sight; where it would, and the page can be scrolled along, all stays where it is; else it waits behind a button. */
"use strict";
(window.CompanionParts ||= []).push(({ root, frame, isPage, find, headers, say, inserted, show }) => {
  const LATER = "on a later page";
  const ELSEWHERE = "on another page";

  /* Of the list that is open: posts behind the button, posts of later pages, changes to posts that are in use. */
  let open = { list: null };
  const own = new Set();

  function openList() {
    const list = find("posts");
    if (list !== open.list) open = { list, held: new Map(), later: new Set(), changes: new Map() };
    return list;
  }

  const topOf = (element) => element.getBoundingClientRect().top;

  /* Which part of the frame is in sight, in its own coordinates; null for none. In a page of another site only an
     observer knows that, and it says nothing at all while the frame is far away. */
  const sightOf = () => new Promise((resolve) => {
    const observer = new IntersectionObserver(([entry]) => finish(entry.isIntersecting ? entry.intersectionRect : null));
    const silence = setTimeout(() => finish(null), 500);
    function finish(box) {
      clearTimeout(silence);
      observer.disconnect();
      const bar = box && frame.querySelector(".bar");
      const covered = bar && getComputedStyle(bar).position === "sticky" ? bar.getBoundingClientRect().bottom : 0;
      resolve(box && { top: Math.max(box.top, covered), bottom: box.bottom });
    }
    observer.observe(frame);
  });

  function isIn(sight, element) {
    const box = element.getBoundingClientRect();
    return box.height > 0 && box.bottom > sight.top + 1 && box.top < sight.bottom - 1;
  }

  /* The field one writes in, where it is in sight. */
  function fieldIn(sight) {
    const focused = root.activeElement;
    const isField = focused && frame.contains(focused) && (focused.matches("input, textarea, select") || focused.closest(".composer"));
    return isField && isIn(sight, focused) ? focused : null;
  }

  /* What must stay where it is: the field, else the first post that begins in sight, else the first thing in sight. */
  function anchorIn(sight, besides) {
    const seen = [...open.list.children, ...frame.querySelectorAll("#posts ~ *")].filter((one) => one !== besides && isIn(sight, one));
    return fieldIn(sight) || seen.find((one) => topOf(one) >= sight.top) || seen[0];
  }

  /* What scrolls around the posts: this page, or something of the host's. */
  function scroller() {
    const page = document.scrollingElement;
    for (let box = isPage ? null : root.host.parentElement; box && box !== page; box = box.parentElement) {
      if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
    }
    return page;
  }

  /* Change the page and scroll it along, so that `anchor` stays; what `isRight` finds wrong is taken back. A frame that
     grows with its content does not scroll: what it scrolled now would jump as soon as it has grown. */
  function keeping(anchor, change, isRight = () => true, takeBack = () => {}) {
    const box = scroller();
    const scrolls = box.scrollHeight > box.clientHeight + 1;
    const { scrollTop } = box;
    const before = anchor && topOf(anchor);
    const moved = () => (anchor && anchor.isConnected ? topOf(anchor) - before : 0);
    box.style.overflowAnchor = "none";
    change();
    if (scrolls && Math.abs(moved()) > 0.5) box.scrollBy({ top: moved(), behavior: "instant" });
    const isDone = Math.abs(moved()) < 1.5 && isRight();
    if (!isDone) {
      takeBack();
      box.scrollTo({ top: scrollTop, behavior: "instant" });
    }
    box.style.overflowAnchor = "";
    return isDone;
  }

  /* -- posts that are new -- */

  /* The post before which a new one goes, null for the end; or LATER, ELSEWHERE. */
  function placeOf(post) {
    const { children, dataset: { order, hasMore, hasLess } } = open.list;
    if (order === "newest") return find("post-1") ? find("post-1").nextElementSibling : ELSEWHERE;
    if (order === "helpful") return hasMore === undefined ? null : ELSEWHERE;
    const next = [...children].find((other) => other.dataset.path > post.dataset.path) || null;
    if (!next) return hasMore === undefined ? null : LATER;
    return next === children[0] && hasLess !== undefined ? ELSEWHERE : next;
  }

  /* So that each finds its place beside those before it: a reply below what it answers, the newest above the others. */
  function inOrder(posts) {
    const isNewest = open.list.dataset.order === "newest";
    const key = (post) => (isNewest ? Number(post.id.replace("post-", "")) : post.dataset.path);
    return [...posts].sort((one, other) => (key(one) > key(other) ? 1 : -1));
  }

  function insert(post, place = placeOf(post)) {
    open.list.insertBefore(post, typeof place === "string" ? null : place);
    inserted(post);
  }

  /* Whether it is in, with nothing in sight moved but what stands above the field one writes in. */
  function insertUnseen(post, place, sight) {
    if (!sight) { insert(post, place); return true; }
    const field = fieldIn(sight);
    const seen = [...open.list.children].filter((other) => isIn(sight, other)).map((other) => [other, topOf(other)]);
    const isAboveField = field && topOf(field) >= (place ? topOf(place) : open.list.getBoundingClientRect().bottom);
    const isUnseen = () => isAboveField || seen.every(([other, top]) => Math.abs(topOf(other) - top) < 1.5);
    return keeping(anchorIn(sight), () => insert(post, place), isUnseen, () => post.remove());
  }

  function takeNew(posts, sight) {
    let news = 0;
    for (const post of posts) {
      const isKnown = open.held.delete(post.id) || open.later.delete(post.id);
      const place = placeOf(post);
      if (own.delete(post.id)) { insert(post, place); arrive(post); continue; }
      if (place === ELSEWHERE) continue;
      if (place === LATER) open.later.add(post.id);
      else if (!insertUnseen(post, place, sight)) open.held.set(post.id, post);
      if (!isKnown) news += 1;
    }
    if (news) say(open.list.dataset.news.replace("{number}", news));
  }

  /* One's own reply. Where one had to write before reading, the others' are there now. */
  function arrive(post) {
    show(post);
    if ("gated" in open.list.dataset) post.querySelector("a.stamp").click();
  }

  /* -- posts that changed -- */

  function isInUse(post) {
    const focused = root.activeElement;
    const selected = (root.getSelection ? root : document).getSelection();
    return !("changed" in post.dataset) || (focused && focused !== post && post.contains(focused))
      || Boolean(post.querySelector(".slot form, .htmx-request")) || (selected && !selected.isCollapsed && selected.containsNode(post, true));
  }

  function takeChanges(sight) {
    for (const [id, post] of open.changes) {
      const old = find(id);
      if (old && isInUse(old)) continue;
      open.changes.delete(id);
      if (!old || Number(old.dataset.changed) >= Number(post.dataset.changed)) continue;
      keeping(sight && anchorIn(sight, old), () => (post.matches(".gone") ? remove(old) : replace(old, post)));
    }
  }

  function replace(old, post) {
    const folds = post.querySelectorAll("details");
    old.querySelectorAll("details").forEach((fold, place) => { if (fold.open && folds[place]) folds[place].open = true; });
    const mark = old.querySelector(".post-head > .mark.new");
    const number = post.querySelector(".post-number");
    if (old.matches(".is-new")) post.classList.add("is-new");
    if (mark && number && !post.querySelector(".post-head > .mark.new")) number.before(mark);
    post.querySelector(".slot").append(...old.querySelector(".slot").childNodes);
    const isFocused = root.activeElement === old;
    old.replaceWith(post);
    inserted(post);
    if (isFocused) post.focus({ preventScroll: true });
  }

  function remove(old) {
    if (root.activeElement === old) (old.nextElementSibling || old.previousElementSibling || find("main")).focus({ preventScroll: true });
    old.remove();
  }

  /* -- the button -- */

  /* It stands where the posts end and keeps to the lower edge of what is in sight, without taking any room. Beside it,
     a link to the end for posts of later pages. */
  function makeOffer() {
    const holder = Object.assign(document.createElement("div"), { id: "held-back", className: "held-back" });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "primary", onclick: showHeld });
    const last = frame.querySelector("a[data-last]");
    holder.append(button, Object.assign(last ? last.cloneNode() : document.createElement("a"), { className: "button" }));
    open.list.after(holder);
    htmx.process(holder);
    return holder;
  }

  function offer(sight) {
    let holder = find("held-back");
    if (!open.held.size && !open.later.size) { if (holder) holder.remove(); return; }
    holder ||= makeOffer();
    [open.held, open.later].forEach(({ size }, place) => {
      holder.children[place].hidden = !size;
      holder.children[place].textContent = open.list.dataset.show.replace("{number}", size);
    });
    /* In a frame that grows, the lower edge of the frame is not that of the window. */
    if (sight && isPage) holder.style.insetBlockEnd = `calc(${Math.max(0, Math.round(innerHeight - sight.bottom))}px + 1.75rem)`;
  }

  function showHeld() {
    const posts = inOrder(open.held.values());
    open.held.clear();
    for (const post of posts) insert(post);
    offer(null);
    show([...open.list.children].find((post) => posts.includes(post)));
  }

  /* -- asking -- */

  const isOver = ({ status }) => [401, 403, 404].includes(status);
  const ask = (url) => fetch(url, { headers: { ...headers(), "HX-Request": "true" }, credentials: "same-origin", cache: "no-store" });

  async function fetchPosts() {
    const list = openList();
    /* While one's own reply is on its way, it would come twice. */
    if (!list || frame.querySelector(".composer.htmx-request")) return;
    const response = await ask(list.dataset.livePosts);
    if (list !== find("posts")) return;
    if (isOver(response)) { stop(); return; }
    const news = response.status === 200 ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
    if (!news && !open.changes.size && !find("held-back")) return;
    const sight = await sightOf();
    if (list !== find("posts")) return;
    if (news) {
      const version = encodeURIComponent(response.headers.get("X-Companion-Version"));
      list.dataset.livePosts = list.dataset.livePosts.replace(/([?&]since=)[^&#]*/, `$1${version}`);
      takeNews(news, sight);
    }
    takeChanges(sight);
    offer(sight);
  }

  function takeNews(news, sight) {
    const head = find("thread-head");
    const newHead = news.getElementById("thread-head");
    if (head && newHead && !head.isEqualNode(newHead)) keeping(sight && anchorIn(sight), () => { head.replaceWith(newHead); inserted(newHead); });
    /* What was held back may have its place by now; not while somebody is about to press the button. */
    const holder = find("held-back");
    const fresh = new Map(holder && holder.contains(root.activeElement) ? [] : open.held);
    for (const post of news.querySelectorAll(".post")) {
      const old = find(post.id);
      if (old && !old.matches(".gone")) open.changes.set(post.id, post);
      else if (!post.matches(".gone")) { if (old) old.remove(); fresh.set(post.id, post); }
      else for (const waiting of [fresh, open.held, open.later]) waiting.delete(post.id);
    }
    takeNew(inOrder(fresh.values()), sight);
  }

  async function fetchList() {
    const banner = find("banner");
    if (!banner || banner.childElementCount) return;
    const response = await ask(banner.dataset.liveList);
    if (isOver(response)) stop();
    if (response.status !== 200) return;
    banner.innerHTML = await response.text();
    inserted(banner);
  }

  /* One question at a time, none while nobody looks, slower while the server does not answer. */
  let [timer, wait, failures] = [0, 0, 0];
  let turn = Promise.resolve();
  /* Of ten views in a unit one or two are in sight: the others need no news. */
  let isSeen = isPage;
  const stop = () => { clearTimeout(timer); wait = 0; };
  const schedule = () => { clearTimeout(timer); if (wait) timer = setTimeout(askForNews, Math.min(wait * 2 ** failures, 60000)); };

  function askForNews() {
    if (!frame.isConnected) { stop(); return turn; }
    turn = turn.then(async () => {
      try {
        if (document.visibilityState === "visible" && isSeen) { await fetchPosts(); await fetchList(); }
        failures = 0;
      } catch { failures += 1; }
      schedule();
    });
    return turn;
  }

  /* After one's own reply: fetch it like any other, and put the focus on it. */
  root.addEventListener("companion:posted", (event) => {
    const id = `post-${event.detail.value}`;
    const post = find(id) || (openList() && open.held.get(id));
    if (!post) own.add(id);
    else if (!post.isConnected) { open.held.delete(id); insert(post); offer(null); }
    if (post) arrive(post);
    else askForNews();
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && wait) askForNews(); });
  if (!isPage) new IntersectionObserver((entries) => { isSeen = entries.at(-1).isIntersecting; }).observe(frame);

  return {
    refresh(part) {
      if (!part.contains(find("posts") || find("banner"))) return;
      wait = Number(frame.dataset.liveMilliseconds) || 0;
      schedule();
    },
  };
});
