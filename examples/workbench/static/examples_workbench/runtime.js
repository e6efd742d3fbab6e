/* What the workbench's own page sets for its runtime, without an inline script. */
"use strict";
var studentId = document.currentScript.dataset.student;
var handlerBaseUrl = `${document.currentScript.dataset.root}handler/`;
var asideBaseUrl = `${document.currentScript.dataset.root}aside_handler/`;
