/* A tool that has registered itself says so, and the page goes back to the list of tools. */
"use strict";

const frame = document.querySelector("iframe[data-leads-to]");

window.addEventListener("message", (event) => {
  const fromTool = event.source === frame.contentWindow && event.origin === frame.dataset.toolOrigin;
  if (fromTool && event.data && event.data.subject === "org.imsglobal.lti.close") {
    window.location.assign(frame.dataset.leadsTo);
  }
});
