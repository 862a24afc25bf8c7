
"use strict";
(() => {
  const PREFIX = "contribution_";
  const OUTSIDE = "outside_";  // of a spline's feature: whether its number is beyond the knots
  const PREDICTOR = "linear_predictor";  // what contributions add up to, if not to the prediction
  const MAIN = ["prediction", "probability"];
  const EPOCHS = { epoch: 1000, epoch_ms: 1 };  // milliseconds
  const UNBOUNDED = 1e30;  // an interval that has no end is sent as the largest numbers

  function show(value) {
    if (value === null || !Number.isFinite(value)) return "not a number";
    return value.toLocaleString("en", { maximumSignificantDigits: 6 });
  }

  function signed(value) {
    return value > 0 ? "+" + show(value) : show(value).replace("-", "\u2212");
  }

  function make(tag, text, name) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  }

  // JSON with the bare words that TF Serving writes; both become null.
  function parse(text) {
    try {
      return JSON.parse(text);
    } catch (error) {
      return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) => part[0] === '"' ? part : "null"));
    }
  }

  // What is entered as JSON, or what is wrong with it; a hint keeps nothing from being sent.
  function read(input) {
    const text = input.value.trim(), kind = input.dataset.kind, { validity } = input;
    if (validity.badInput) {
      const what = input.type === "number" ? "a number, such as 12.5" : "a whole date";
      return { wrong: `Enter ${what}, or leave it blank.` };
    }
    if (["text", "choice", "date", "time"].includes(kind)) return { json: JSON.stringify(input.value) };
    if (kind === "truth") return { json: text };
    if (kind === "integer") {
      return /^[+-]?\d+$/.test(text) ? { json: BigInt(text.replace("+", "")).toString() } : { wrong: "Enter a whole number." };
    }
    if (kind === "digits") {
      return /^([+-]?\d+)?$/.test(text) ? { json: JSON.stringify(text) } : { wrong: "Enter a whole number, or leave it blank." };
    }
    if (text === "") return { json: "NaN" };
    if (kind in EPOCHS) return { json: JSON.stringify(Date.parse(text + "Z") / EPOCHS[kind]) };
    const number = Number(text);
    if (kind === "whole" && !Number.isInteger(number)) return { wrong: "Enter a whole number, or leave it blank." };
    const beyond = validity.rangeUnderflow || validity.rangeOverflow;
    return { json: JSON.stringify(number), hint: beyond ? "Outside of what is valid for this model." : undefined };
  }

  function row(form) {
    const parts = [];
    let first = null;
    for (const input of form.querySelectorAll("[data-name]")) {
      const { json, wrong, hint } = read(input);
      const note = document.getElementById(input.id + "e");
      if (note) {
        note.hidden = !wrong && !hint;
        note.className = hint ? "hint" : "wrong";
        note.textContent = wrong || hint || "";
        input.setAttribute("aria-invalid", String(Boolean(wrong)));
      }
      if (wrong) first = first || input;
      parts.push(JSON.stringify(input.dataset.name) + ":" + json);
    }
    if (first) {
      first.focus();
      return null;
    }
    return "{" + parts.join(",") + "}";
  }

  function bar(from, to, scale) {
    const place = (value) => (value - scale.low) / (scale.high - scale.low) * 100;
    const box = make("div", undefined, "bar");
    const zero = make("span", undefined, "zero");
    zero.style.left = place(0) + "%";
    const span = make("span", undefined, to < from ? "down" : "up");
    span.style.left = place(Math.min(from, to)) + "%";
    span.style.width = Math.abs(place(to) - place(from)) + "%";
    box.append(zero);
    if (from !== to) box.append(span);
    box.setAttribute("aria-hidden", "true");
    return box;
  }

  function line(name, said, shown, picture) {
    const tr = document.createElement("tr");
    const head = make("th", name);
    head.scope = "row";
    if (said !== undefined) head.append(make("span", said, "unit"));
    const cell = make("td");
    if (picture) cell.append(picture);
    tr.append(head, make("td", shown, "number"), cell);
    return tr;
  }

  function table(answer, entered, total, unit) {
    const parts = Object.keys(answer).filter((name) => name.startsWith(PREFIX) && typeof answer[name] === "number")
      .map((name) => [name.slice(PREFIX.length), answer[name]])
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1));
    if (parts.length === 0) return null;
    const values = parts.map((part) => part[1]);
    const scale = { low: Math.min(0, ...values), high: Math.max(0, ...values) };
    if (scale.low === scale.high) scale.high = 1;
    const made = document.createElement("table");
    made.append(make("caption", unit ? `What it is made of, in units of the ${unit}` : "What it is made of"));
    const head = document.createElement("tr");
    for (const [text, name] of [["Feature"], ["Contribution", "number"], [""]]) {
      const cell = make(text ? "th" : "td", text, name);
      if (text) cell.scope = "col";
      head.append(cell);
    }
    made.createTHead().append(head);
    const body = made.createTBody();
    if (typeof answer.baseline === "number") body.append(line("baseline", "mean of the training rows", show(answer.baseline)));
    for (const [name, value] of parts) {
      const beyond = answer[OUTSIDE + name] === 1 ? ", beyond the knots: a straight line there" : "";
      body.append(line(name, entered(name) + beyond, signed(value), bar(0, value, scale)));
    }
    made.createTFoot().append(line(total.name, undefined, show(total.value)));
    return made;
  }

  function interval(answer) {
    if (typeof answer.low !== "number" || typeof answer.high !== "number") return null;
    if (Math.max(Math.abs(answer.low), Math.abs(answer.high), answer.standard_error || 0) > UNBOUNDED) {
      return "No interval can be given: the training data say nothing about such a row.";
    }
    const what = PREDICTOR in answer ? "standard error of the linear predictor" : "standard error";
    const error = typeof answer.standard_error === "number" ? `, ${what} ${show(answer.standard_error)}` : "";
    return `between ${show(answer.low)} and ${show(answer.high)}${error}`;
  }

  function explanation(prediction, entered, unit) {
    const one = (value) => Array.isArray(value) ? one(value[0]) : value;
    const isObject = prediction !== null && typeof prediction === "object" && !Array.isArray(prediction);
    const answer = Object.create(null);
    for (const [name, value] of Object.entries(isObject ? prediction : { prediction })) answer[name] = one(value);
    const names = Object.keys(answer);
    const main = MAIN.find((name) => name in answer) || names[0];
    const shown = [];
    const value = answer[main];
    shown.push(make("p", typeof value === "string" ? value : show(value), "prediction"));
    if (typeof answer.class === "string") shown.push(make("p", `${main}; class: ${answer.class}`, "class"));
    const between = interval(answer);
    if (between) shown.push(make("p", between, "interval"));
    const total = PREDICTOR in answer ? PREDICTOR : main;
    const made = table(answer, entered, { name: total.replace("_", " "), value: answer[total] }, unit);
    if (made) shown.push(made);
    return shown;
  }

  async function newer(section, url) {
    const response = await fetch(url);
    if (!response.ok) return null;
    const versions = (await response.json()).model_version_status || [];
    const loaded = versions.filter((status) => status.state === "AVAILABLE").map((status) => BigInt(status.version));
    const highest = loaded.reduce((most, version) => version > most ? version : most, 0n);
    if (loaded.length === 0 || String(highest) === section.dataset.version) return null;
    return make("p", `Version ${highest} answers by now. Reload this page to see its inputs.`, "notice");
  }

  async function ask(section, body, entered) {
    const url = "v1/models/" + encodeURIComponent(section.dataset.model);
    let response;
    try {
      response = await fetch(url + ":predict", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    } catch (error) {
      return [make("p", "The server does not answer. Is it still running?", "error")];
    }
    const text = await response.text();
    let answer;
    try {
      answer = parse(text);
    } catch (error) {
      return [make("p", `The server's answer (status ${response.status}) is no JSON.`, "error")];
    }
    if (!response.ok) return [make("p", answer.error || `The server answers with status ${response.status}.`, "error")];
    const shown = explanation(answer.predictions[0], entered, section.dataset.unit);
    const notice = await newer(section, url).catch(() => null);
    return notice ? [notice, ...shown] : shown;
  }

  for (const section of document.querySelectorAll("section[data-model]")) {
    const form = section.querySelector("form");
    if (!form) continue;
    const columns = new Map(Object.entries(JSON.parse(section.dataset.columns)));
    let asked = 0;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const instance = row(form);
      if (instance === null) return;
      const turn = ++asked;
      const values = new Map([...form.querySelectorAll("[data-name]")].map((input) => [input.dataset.name, input.value]));
      // What was entered of a feature's columns.
      const entered = (feature) => (columns.get(feature) || [feature]).map((name) => values.get(name) || "blank").join(", ");
      const body = `{"signature_name":${JSON.stringify(section.dataset.signature)},"instances":[${instance}]}`;
      const shown = await ask(section, body, entered);
      if (turn === asked) section.querySelector(".answer").replaceChildren(...shown);
    });
  }
})();
