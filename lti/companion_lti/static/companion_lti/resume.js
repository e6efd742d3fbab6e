/* A reload in a frame without cookies: the page's token may still be in this tab's own storage. */
"use strict";
(() => {
  const handle = document.querySelector("[data-resume]").dataset.resume;
  let kept = null;
  try {
    kept = sessionStorage.getItem(`companion-${handle}`);
    sessionStorage.removeItem(`companion-${handle}`);
  } catch { /* the browser lets this frame keep nothing */ }
  if (!kept) return;
  fetch(location.pathname + location.search, { headers: JSON.parse(kept), credentials: "same-origin" }).then(async (answer) => {
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    htmx.process(document.body);
    document.dispatchEvent(new CustomEvent("companion:resumed"));
  });
})();
