/* The video of a discussion: times in posts and lists play it from there. A player of somebody else is loaded when the
   reader asks for it, not before. */
"use strict";
(window.CompanionParts ||= []).push(({ root, find }) => {
  /* How a player is told where to begin, and where to go on. */
  const PLAYERS = {
    youtube: {
      address: (url, second) => `${url}&autoplay=1&start=${second}&origin=${encodeURIComponent(window.location.origin)}`,
      orders: (second) => [
        JSON.stringify({ event: "command", func: "seekTo", args: [second, true] }),
        JSON.stringify({ event: "command", func: "playVideo", args: [] }),
      ],
    },
    vimeo: {
      address: (url, second) => `${url}&autoplay=1#t=${second}s`,
      orders: (second) => [{ method: "setCurrentTime", value: second }, { method: "play" }],
    },
  };

  function load(holder, second) {
    const { play: url, origin, title } = holder.querySelector("[data-play]").dataset;
    const player = document.createElement("iframe");
    player.title = title;
    player.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    /* YouTube plays nothing for a page that does not say where it is from; that is all it learns. */
    player.referrerPolicy = "strict-origin";
    player.dataset.origin = origin;
    player.src = PLAYERS[holder.dataset.video].address(url, second);
    player.addEventListener("load", () => { player.dataset.ready = ""; if (player.dataset.next) order(holder, player, player.dataset.next); });
    holder.querySelector(".video-offer").replaceWith(player);
  }

  /* Told too early, it would not hear. */
  function order(holder, player, second) {
    player.dataset.next = second;
    if (!("ready" in player.dataset)) return;
    for (const words of PLAYERS[holder.dataset.video].orders(Number(second))) player.contentWindow.postMessage(words, player.dataset.origin);
  }

  function seek(holder, second) {
    const file = holder.querySelector("video");
    const player = holder.querySelector("iframe");
    if (file) {
      file.currentTime = second;
      file.play().catch(() => { /* the reader presses play, then */ });
    } else if (player) order(holder, player, second);
    else load(holder, second);
    holder.scrollIntoView({ block: "nearest" });
  }

  root.addEventListener("click", (event) => {
    const holder = find("video");
    const button = holder && event.target.closest("[data-seek], [data-play]");
    if (!button) return;
    seek(holder, Number(button.dataset.seek || 0));
  });

  /* A page that took the place of another one has the other's policy, which may not let this video in. */
  const offerLink = () => { for (const link of root.querySelectorAll(".video-link")) link.hidden = false; };
  root.addEventListener("error", (event) => { if (event.target.matches("#video video")) offerLink(); }, true);
  document.addEventListener("securitypolicyviolation", (event) => {
    if (["frame-src", "media-src"].includes(event.effectiveDirective)) offerLink();
  });

  return {
    /* Without a video a time is only words. */
    refresh(part) {
      for (const button of part.querySelectorAll("[data-seek]")) button.disabled = !find("video");
    },
  };
});
