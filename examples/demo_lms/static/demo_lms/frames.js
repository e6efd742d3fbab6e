/*
 * What the page around the tool answers: lti.frameResize, and the 1EdTech platform storage
 * (lti.capabilities, lti.put_data, lti.get_data). Only frames of this page, only the tool's
 * origin; the store lives as long as the page.
 */
"use strict";

const LEAST_HEIGHT = 300;
const MOST_HEIGHT = 4000;
const MOST_ENTRIES = 100;
const MOST_CHARACTERS = 4096;

const store = new Map();

function frameOf(event) {
  return [...document.querySelectorAll("iframe[data-tool-origin]")].find(
    (frame) => frame.contentWindow === event.source && frame.dataset.toolOrigin === event.origin,
  );
}

function resize(frame, height) {
  const pixels = Number(height);
  if ("resize" in frame.dataset && Number.isFinite(pixels)) {
    const allowed = Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, Math.ceil(pixels)));
    frame.style.height = `${allowed}px`;
  }
}

function capabilities(frame) {
  const names = ["lti.capabilities"];
  if ("resize" in frame.dataset) names.push("lti.frameResize");
  if ("storage" in frame.dataset) names.push("lti.put_data", "lti.get_data");
  return { supported_messages: names.map((subject) => ({ subject })) };
}

function problem(code, message) {
  return { error: { code, message } };
}

function putData(data) {
  const { key, value } = data;
  if (typeof key !== "string" || !key) return problem("bad_request", "A key is needed.");
  if (value === undefined || value === null) {
    store.delete(key);
    return { key };
  }
  if (typeof value !== "string") return problem("bad_request", "The value must be text.");
  const full = !store.has(key) && store.size >= MOST_ENTRIES;
  if (full || key.length + value.length > MOST_CHARACTERS) {
    return { key, ...problem("storage_exhaustion", "There is no room for this.") };
  }
  store.set(key, value);
  return { key, value };
}

function getData(data) {
  if (typeof data.key !== "string") return problem("bad_request", "A key is needed.");
  return { key: data.key, value: store.get(data.key) };
}

function answer(frame, data) {
  if (data.subject === "lti.capabilities") return capabilities(frame);
  if ("storage" in frame.dataset) {
    if (data.subject === "lti.put_data") return putData(data);
    if (data.subject === "lti.get_data") return getData(data);
  }
  return problem("unsupported_subject", "This page does not know that message.");
}

window.addEventListener("message", (event) => {
  const frame = frameOf(event);
  let data = event.data;
  if (typeof data === "string") {
    try {
      data = JSON.parse(data); /* frameResize comes as JSON text from older tools */
    } catch {
      return;
    }
  }
  if (!frame || !data || typeof data.subject !== "string" || !data.subject.startsWith("lti.")) return;
  if (data.subject === "lti.frameResize") {
    resize(frame, data.height);
    return;
  }
  if (data.subject.endsWith(".response")) return;
  const reply = { subject: `${data.subject}.response`, message_id: data.message_id };
  event.source.postMessage({ ...reply, ...answer(frame, data) }, event.origin);
});
