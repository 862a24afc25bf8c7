"use strict";
// A what-if form: reads its inputs, says what is odd about them, and shows an answer with what it is made of.
// `plumblineForm(root, ask, live)`: `ask` takes an array of [name, kind, value], value null for what is blank, and gives, at once
// or by a promise, { answer } as the signature `explain` has it, or { error }, and perhaps a { notice }. A `live` form is asked at
// each change.
const plumblineForm = (() => {
  const { canonical, isMark } = plumblineValues;
  const PREFIX = "contribution_";
  const OUTSIDE = "outside_";  // of a spline's feature: whether its number is beyond the knots
  const PREDICTOR = "linear_predictor";  // what contributions add up to, if not to the prediction
  const MAIN = ["prediction", "probability"];
  const EPOCHS = { epoch: 1000, epoch_ms: 1 };  // milliseconds
  const UNBOUNDED = 1e30;  // an interval that has no end is sent as the largest numbers
  const MINUS = "\u2212";
  const LEAST_SPAN = 20;  // of a waterfall, in units of the last digit that is shown

  function make(tag, content, name) {
    const element = document.createElement(tag);
    if (content !== undefined) element.append(content);
    if (name) element.className = name;
    return element;
  }

  // A name, which may be broken where its words end.
  function parted(name) {
    const made = document.createDocumentFragment();
    for (const word of name.split(/(?<=[_./])/)) made.append(word, document.createElement("wbr"));
    made.lastChild?.remove();
    return made;
  }

  // ---- Numbers

  // How many decimals show two significant digits of a number; below 0 those of the whole part that are not shown.
  const decimalsOf = (size) => 1 - Math.floor(Math.log10(size));

  // Of some numbers without an interval: four significant digits of the largest.
  function decimalsOfAll(values) {
    const largest = Math.max(0, ...values.map(Math.abs).filter((size) => size < UNBOUNDED));
    return largest > 0 ? decimalsOf(largest) + 2 : 0;
  }

  function rounded(value, decimals) {
    if (typeof value !== "number" || !Number.isFinite(value)) return "not a number";
    const size = Math.abs(value);
    if (decimals > 12 || size >= 1e15) return value.toPrecision(3).replace("-", MINUS);
    const step = 10 ** -Math.min(decimals, 0);
    const digits = Math.max(decimals, 0);
    const near = Math.round(value / step) * step;
    const text = (decimals < 0 ? near : value).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return /[1-9]/.test(text) ? text.replace("-", MINUS) : text.replace("-", "");
  }

  // A number for eyes, all of its digits in the element's value.
  function data(value, decimals, sign = false) {
    const text = rounded(value, decimals);
    const element = make("data", sign && value > 0 && /[1-9]/.test(text) ? "+" + text : text);
    element.value = String(value);
    return element;
  }

  // ---- Inputs

  // Of a text that may be another than those proposed the input for it.
  const another = (input) => input.parentElement.querySelector("input.another");
  const isAnother = (input) => input.selectedOptions?.[0]?.className === "another";

  function entered(input) {
    return isAnother(input) ? another(input).value : input.value;
  }

  // What is entered, or what is wrong with it.
  function read(input) {
    const raw = entered(input), text = raw.trim(), { kind } = input.dataset;
    if (input.validity.badInput) {
      const what = input.type === "number" ? "a number, such as 12.5" : "a whole date";
      return { wrong: `Enter ${what}${input.required ? "." : ", or leave it blank."}` };
    }
    if (input.required && text === "") return { wrong: input.dataset.blank };
    if (kind === "integer") return /^[+-]?\d+$/.test(text) ? { value: BigInt(text.replace("+", "")) } : { wrong: "Enter a whole number." };
    if (kind === "truth") return { value: raw === "true" };
    if (raw === "") return { value: null };
    if (kind === "digits") return /^([+-]?\d+)?$/.test(text) ? { value: text } : { wrong: "Enter a whole number, or leave it blank." };
    if (kind in EPOCHS) return { value: Date.parse(text + "Z") / EPOCHS[kind] };
    if (kind !== "number" && kind !== "whole") return { value: raw };
    const value = Number(text);
    return kind === "whole" && !Number.isInteger(value) ? { wrong: "Enter a whole number, or leave it blank." } : { value };
  }

  // What is odd about a value, in the model's words.
  function notice(input, value, rules) {
    const { kind, blank, unknown, outside, marks } = input.dataset;
    const isText = kind === "text" || kind === "choice";
    if (value === null) return blank;
    if (isText && isMark(value, rules)) return blank && blank.replace("Blank", "It stands for nothing");
    if (marks && JSON.parse(marks).some((mark) => mark === Number(value))) return blank && blank.replace("Blank", "It stands for nothing");
    if (kind === "text" && unknown) {
      const known = [...input.options || []].filter((option) => option.className !== "another");
      return known.some((option) => option.value === canonical(value, rules)) ? undefined : unknown;
    }
    return input.validity.rangeUnderflow || input.validity.rangeOverflow ? outside || "Outside of what is valid for this model." : undefined;
  }

  // Shows what is wrong or odd about an input; what was read.
  function check(input, rules) {
    const found = read(input), said = found.wrong || notice(input, found.value, rules);
    const note = document.getElementById(input.id + "e"), own = isAnother(input) ? another(input) : input;
    note.hidden = !said;
    note.className = found.wrong ? "note wrong" : "note";
    note.textContent = said || "";
    own.setAttribute("aria-invalid", String(Boolean(found.wrong)));
    return found;
  }

  // ---- The answer

  function bar(from, to, scale) {
    const place = (value) => (value - scale.low) / (scale.high - scale.low) * 100;
    const box = make("div", undefined, "bar");
    const add = (name, left, width) => {
      const span = make("span", undefined, name);
      span.style.left = left + "%";
      if (width !== undefined) span.style.width = width + "%";
      box.append(span);
    };
    box.setAttribute("aria-hidden", "true");
    if (from === undefined) {
      add("level", Math.min(place(to), 99));
      return box;
    }
    add("step", place(from));
    if (from !== to) add(to < from ? "down" : "up", place(Math.min(from, to)), Math.abs(place(to) - place(from)));
    return box;
  }

  function line(name, said, number, picture) {
    const tr = document.createElement("tr"), head = make("th", parted(name)), cell = make("td", picture, "picture");
    head.scope = "row";
    if (said !== undefined) head.append(make("span", said, "unit"));
    tr.append(head, make("td", number, "number"), cell);
    return tr;
  }

  // From the baseline to what the contributions add up to, the largest first: each bar begins where the one before ends.
  function waterfall(answer, values, total, shown, decimals) {
    const parts = Object.keys(answer).filter((name) => name.startsWith(PREFIX) && typeof answer[name] === "number")
      .map((name) => [name.slice(PREFIX.length), answer[name]])
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1));
    if (parts.length === 0) return null;
    const begin = typeof answer.baseline === "number" ? answer.baseline : 0;
    let at = begin;
    const steps = parts.map(([name, value]) => ({ name, value, from: at, to: at += value }));
    const ends = [begin, ...steps.map((step) => step.to)], scale = { low: Math.min(...ends), high: Math.max(...ends) };
    const least = LEAST_SPAN * 10 ** -decimals - (scale.high - scale.low);  // what is rounded to 0 must not look large
    if (least > 0) {
      scale.low -= least / 2;
      scale.high += least / 2;
    }
    const made = document.createElement("table"), head = document.createElement("tr");
    const unit = shown.parts || shown.unit;
    made.append(make("caption", unit ? `What it is made of, in ${shown.parts ? "units of the " : ""}${unit}` : "What it is made of"));
    for (const [text, name] of [["Feature"], ["Contribution", "number"], ["Sum so far", "picture"]]) {
      const cell = make("th", text, name);
      cell.scope = "col";
      head.append(cell);
    }
    made.createTHead().append(head);
    const body = made.createTBody();
    if (typeof answer.baseline === "number") {
      body.append(line("baseline", "mean of the training rows", data(begin, decimals), bar(undefined, begin, scale)));
    }
    for (const { name, value, from, to } of steps) {
      const beyond = answer[OUTSIDE + name] === 1 ? ", beyond the knots: a straight line there" : "";
      const own = (shown.columns[name] || [name]).map((column) => values.get(column) || "blank").join(", ");
      body.append(line(name, own + beyond, data(value, decimals, true), bar(from, to, scale)));
    }
    made.createTFoot().append(line(total.name, undefined, data(total.value, decimals), bar(undefined, total.value, scale)));
    return made;
  }

  function isBounded(answer) {
    return Math.max(Math.abs(answer.low), Math.abs(answer.high), answer.standard_error || 0) < UNBOUNDED;
  }

  function interval(answer, decimals, ofParts, level) {
    const made = make("p", undefined, "interval");
    if (!isBounded(answer)) {
      made.append("No interval can be given: the training data say nothing about such a row.");
      return made;
    }
    made.append("between ", data(answer.low, decimals), " and ", data(answer.high, decimals));
    if (level) made.append(` (${(100 * level).toLocaleString("en", { maximumFractionDigits: 2 })} % interval)`);
    if (typeof answer.standard_error === "number") {
      const what = PREDICTOR in answer ? "standard error of the linear predictor" : "standard error";
      made.append(`, ${what} `, data(answer.standard_error, ofParts));
    }
    return made;
  }

  function explanation(prediction, values, shown) {
    const one = (value) => Array.isArray(value) ? one(value[0]) : value;
    const isObject = prediction !== null && typeof prediction === "object" && !Array.isArray(prediction);
    const answer = Object.create(null);
    for (const [name, value] of Object.entries(isObject ? prediction : { prediction })) answer[name] = one(value);
    const main = MAIN.find((name) => name in answer) || Object.keys(answer)[0], value = answer[main];
    const ends = typeof answer.low === "number" && typeof answer.high === "number";
    const half = ends && isBounded(answer) ? (answer.high - answer.low) / 2 : 0;
    const decimals = half > 0 ? decimalsOf(half) : decimalsOfAll([Number(value)]);
    const total = PREDICTOR in answer ? PREDICTOR : main;
    const ofParts = Object.entries(answer).filter(([name]) => name.startsWith(PREFIX)).map(([, part]) => part);
    const size = total === main ? half : half > 0 ? 2 * answer.standard_error : 0;
    const decimalsOfParts = size > 0 ? decimalsOf(size) : decimalsOfAll([...ofParts, Number(answer[total])]);
    const first = make("p", typeof value === "string" ? value : data(value, decimals), "prediction");
    if (shown.unit) first.append(" ", make("span", shown.unit, "unit"));
    const said = [first];
    if (typeof answer.class === "string") said.push(make("p", `${main}; class: ${answer.class}`, "class"));
    if (ends) said.push(interval(answer, decimals, decimalsOfParts, shown.level));
    const of = { name: total.replace("_", " "), value: answer[total] };
    return { said, parts: waterfall(answer, values, of, shown, decimalsOfParts) };
  }

  // ---- The form

  return (root, ask, live = false) => {
    const form = root.querySelector("form"), shown = JSON.parse(root.dataset.shown);
    shown.columns = Object.assign(Object.create(null), shown.columns);
    const inputs = [...form.querySelectorAll("[data-name]")];
    let asked = 0;

    function tell(said, parts) {
      const box = root.querySelector(".parts");
      root.querySelector(".said").replaceChildren(...said);
      box.hidden = !parts;
      box.replaceChildren(...(parts ? [parts] : []));
    }

    async function answer() {
      const found = inputs.map((input) => ({ input, ...check(input, shown.rules) }));
      const wrong = found.find((one) => one.wrong);
      const turn = ++asked;
      if (wrong) {
        tell([make("p", "No answer: an entry is not valid.", "empty")], null);
        return wrong.input;
      }
      const values = new Map(inputs.map((input) => [input.dataset.name, entered(input)]));
      const result = await ask(found.map(({ input, value }) => [input.dataset.name, input.dataset.kind, value]));
      if (turn !== asked) return null;
      const { said, parts } = result.error ? { said: [make("p", result.error, "error")] } : explanation(result.answer, values, shown);
      if (result.notice) said.unshift(make("p", result.notice, "notice"));
      tell(said, parts);
      return null;
    }

    function change(event) {
      const input = event.target.closest(".field")?.querySelector("[data-name]");
      if (!input) return;
      const more = another(input);
      if (more) more.hidden = !isAnother(input);
      check(input, shown.rules);
      if (live) answer();
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const wrong = await answer();
      if (wrong) (isAnother(wrong) ? another(wrong) : wrong).focus();
    });
    form.addEventListener("input", change);
    form.addEventListener("reset", () => setTimeout(() => {
      for (const input of inputs) {
        const more = another(input);
        if (more) more.hidden = true;
        check(input, shown.rules);
      }
      if (live) answer();
    }));
    if (live) answer();
    else if (Object.keys(shown.columns).length) for (const input of inputs) check(input, shown.rules);
  };
})();
