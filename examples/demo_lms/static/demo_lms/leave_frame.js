/* Leave the frame for the page that the link points to. A message that must be read stays. */
const link = document.getElementById("leave-frame");
if (!("stay" in link.dataset)) {
  window.top.location.replace(link.href);
}
