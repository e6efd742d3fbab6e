"use strict";
document.getElementById("hand-over").submit();
