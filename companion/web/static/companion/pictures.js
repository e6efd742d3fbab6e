/* Pictures for a text: by the button, by paste or by drop. Each is sent at once, then asks what it shows, and goes into
   the text where the caret is. writing.js calls this for every form[data-writing]. */
"use strict";
(window.CompanionAids ||= []).push(({ form, text, aids, row, frame, headers, say, make, button, type }) => {
  const words = aids.dataset;
  const status = make("p", { role: "status", class: "help" });
  const alert = make("p", { role: "alert", class: "wrong" });
  const choose = make("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", multiple: "", hidden: "" });
  let isUploading = false;
  let finish = null;

  /* What is in the form for whoever runs no scripts. */
  for (const field of aids.querySelectorAll(".picture-field")) {
    field.hidden = true;
    for (const input of field.querySelectorAll("input")) input.disabled = true;
  }

  async function upload(file) {
    const data = new FormData();
    for (const input of form.querySelectorAll("input[type=hidden]")) data.append(input.name, input.value);
    data.append("picture", file);
    try {
      const response = await fetch(words.pictures, { method: "POST", headers: headers(), body: data, credentials: "same-origin" });
      if (response.status === 401) return { error: frame.dataset.expired };
      const answer = await response.json();
      return answer.markdown || answer.error ? answer : { error: words.failed };
    } catch {
      return { error: words.failed };
    }
  }

  /* On lines of its own, with an empty one before and after: a picture is a paragraph. */
  function insert(address, alt) {
    const { value, selectionStart: start, selectionEnd: end } = text;
    const before = !value.slice(0, start).trim() || value.slice(0, start).endsWith("\n\n") ? "" : "\n\n";
    const after = value.slice(end).startsWith("\n\n") ? "" : "\n\n";
    const plain = alt.replaceAll("[", "(").replaceAll("]", ")").replace(/[\\`]/g, "'").split(/\s+/).filter(Boolean).join(" ");
    type(text, start, end, `${before}![${plain}](${address})${after}`);
  }

  /* Asks what a picture shows, below the text; done when it is in the text or given up. */
  function ask(address, isFree) {
    return new Promise((resolve) => {
      const help = make("p", { class: "help", id: `${text.id}-alt-help` }, words.altHelp);
      const field = make("input", {
        type: "text", id: `${text.id}-alt`, dir: "auto", autocomplete: "off", maxlength: "300", "aria-describedby": help.id,
      });
      const end = (isWanted) => {
        finish = null;
        panel.remove();
        if (isWanted) insert(address, field.value);
        else text.focus();
        resolve();
      };
      const panel = make("div", { class: "field alt-panel" },
        make("label", { for: field.id }, words.alt), field, help,
        make("div", { class: "aids-row" }, button(words.altInsert, () => end(true), ""), button(words.cancelLabel, () => end(false))));
      panel.addEventListener("keydown", (event) => {
        const isEnter = event.key === "Enter" && event.target === field && !event.isComposing;
        if (!isEnter && event.key !== "Escape") return;
        // Neither the form is sent by this, nor the slot around it closed.
        event.preventDefault();
        event.stopPropagation();
        end(isEnter);
      });
      finish = () => end(true);
      aids.append(panel);
      // Whoever has gone on writing meanwhile is told, and not torn away.
      if (isFree) field.focus();
      else say(words.alt);
    });
  }

  async function one(file) {
    const typed = text.value;
    status.textContent = words.uploading;
    isUploading = true;
    const { markdown, error } = await upload(file);
    isUploading = false;
    status.textContent = "";
    if (error) alert.append(make("span", {}, error), " ");
    if (markdown && form.isConnected) await ask(markdown, text.value === typed);
  }

  let line = Promise.resolve();
  function take(files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    if (pictures.length) alert.replaceChildren();
    for (const file of pictures) line = line.then(() => one(file));
  }

  choose.addEventListener("change", () => { take(choose.files); choose.value = ""; });
  text.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    // Word and Excel put a picture of the text beside the text; some systems the name of a file beside the file.
    const typed = event.clipboardData.getData("text/plain").trim();
    if (!files.length || (typed && typed !== files[0].name)) return;
    event.preventDefault();
    take(files);
  });
  const hasFiles = (event) => event.dataTransfer.types.includes("Files");
  form.addEventListener("dragover", (event) => {
    // A file that nobody takes would be opened by the browser, in place of the page with the text.
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.add("is-target");
  });
  form.addEventListener("dragleave", () => form.classList.remove("is-target"));
  form.addEventListener("drop", (event) => {
    form.classList.remove("is-target");
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  /* Before anybody else hears of it: the form goes with its pictures. */
  form.addEventListener("submit", (event) => {
    if (finish) finish();
    if (!isUploading) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    alert.replaceChildren(words.uploading);
  }, true);

  row.append(button(words.addPicture, () => choose.click()), choose);
  aids.append(status, alert);
});
