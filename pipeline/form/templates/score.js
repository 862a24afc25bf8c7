"use strict";
// Scores a row as components/linear_model/scoring.py does, from what pipeline/form/embedded.py makes of a model.json.
// A row has by column a number, a text (of whole numbers its digits, too), or null where nothing is known.
const plumblineScore = (() => {
  const { trimmed, canonical, isMark, whole } = plumblineValues;

  function floats(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return new Float64Array(bytes.buffer);
  }

  // The arrays of a model, and the places of its levels, once.
  function read(model) {
    const interval = model.interval && { ...model.interval };
    if (interval && interval.triangle) interval.triangle = floats(interval.triangle);
    if (interval && interval.own) for (const name of ["own", "rows", "inner"]) interval[name] = floats(interval[name]);
    for (const { terms } of model.features) {
      for (const term of terms) {
        if (term.texts) term.known = new Map(term.texts.map((text, index) => [JSON.stringify(text), index]));
      }
    }
    return { ...model, interval, coefficients: floats(model.coefficients) };
  }

  // ---- Numbers

  // 1 − erf(x), to the digits of 64 bits: its series, or from 2 on its continued fraction (Abramowitz and Stegun, 7.1.6, 7.1.14).
  function erfc(x) {
    if (x < 0) return 2 - erfc(-x);
    const front = Math.exp(-x * x) / Math.sqrt(Math.PI);
    if (x < 2) {
      let term = x, sum = x;
      for (let k = 1; term > 1e-17 * sum; k++) sum += term *= 2 * x * x / (2 * k + 1);
      return 1 - 2 * front * sum;
    }
    let fraction = x;
    for (let k = 200; k > 0; k--) fraction = x + k / 2 / fraction;
    return front / fraction;
  }

  const INVERSES = {
    "identity": (eta) => eta,
    "log": Math.exp,
    "logit": (eta) => 1 / (1 + Math.exp(-eta)),
    "probit": (eta) => 0.5 * erfc(-Math.SQRT1_2 * eta),
    "cloglog": (eta) => -Math.expm1(-Math.exp(eta)),
    "log of the label": Math.exp,
    "log1p of the label": Math.expm1,
    "square root of the label": (eta) => Math.max(eta, 0) ** 2,
    "Box-Cox of the label": (eta, power) => Math.exp(Math.log1p(Math.max(power * eta, -1)) / power),
  };
  const SMEARED = {
    log: (eta, [average]) => Math.exp(eta) * average,
    log1p: (eta, [average]) => Math.exp(eta) * average - 1,
    sqrt: (eta, [first, second]) => eta * eta + 2 * eta * first + second,
  };

  // 32 bits, NaN where there is no number.
  function real(value, model) {
    const number = value === null ? NaN : Math.fround(value);
    return model.marks.some((mark) => Math.fround(mark) === number) ? NaN : number;
  }

  function number(column, row, model) {
    if (model.columns[column].type !== "int64") return real(row[column], model);
    const found = whole(row[column], model);
    return found === null ? NaN : Number(found);
  }

  function valid(x, { low, high, clip }) {
    if (Number.isNaN(x)) return x;
    const least = low === null ? -Infinity : low, greatest = high === null ? Infinity : high;
    if (clip) return Math.min(Math.max(x, least), greatest);
    return x >= least && x <= greatest ? x : NaN;
  }

  // A whole number less its origin, exactly.
  function integer(feature, row, model) {
    let found = whole(row[feature.columns[0]], model);
    if (found === null) return NaN;
    const low = BigInt(feature.low), high = BigInt(feature.high);
    if (feature.clip) found = found < low ? low : found > high ? high : found;
    return found >= low && found <= high ? Number(found - BigInt(feature.origin)) : NaN;
  }

  function spline(x, { knots }) {
    const first = knots[0], last = knots.length - 1, width = knots[last] - first;
    const u = (x - first) / width, inside = Math.min(u, 1 + 0 * u), beyond = Math.max(u, 1 + 0 * u) - 1;
    const cube = (place) => Math.max(inside - place, 0 * u) ** 3;
    const before = (knots[last - 1] - first) / width;
    return [x, ...knots.slice(0, last - 1).map((knot) => {
      const place = (knot - first) / width;
      return cube(place) - cube(before) * ((1 - place) / (1 - before)) + 3 * (1 - place) * (before - place) * beyond;
    })];
  }

  function polynomial(x, { degree, learned }) {
    const degrees = Array.from({ length: degree }, (_, index) => index + 1);
    if (!learned) return degrees.map((power) => x ** power);
    const z = (x - learned.centre) / learned.spread;
    return degrees.map((row) => {
      let found = 0 * z + learned.basis[row][row];
      for (let power = row - 1; power >= 0; power--) found = found * z + learned.basis[row][power];
      return found;
    });
  }

  const BASES = {
    log: (x) => [Math.log(x)],
    log1p: (x) => [Math.log1p(x)],
    sqrt: (x) => [Math.sqrt(x)],
    power: (x, { exponent }) => [x ** exponent],
    spline,
    polynomial,
  };

  // A feature's columns of its number, NaN where there is none; what is beyond them is the indicator.
  function scaled(feature, x, model) {
    const filled = Number.isNaN(x) ? feature.fill : x;
    const made = (BASES[feature.kind] || ((value) => [value]))(filled, feature);
    return feature.terms.map((term, index) => {
      if (index >= made.length) return { term, value: Number(Number.isNaN(x)) };
      const z = (made[index] - term.mean) / term.std;
      return { term, value: Math.fround(Math.min(Math.max(z, -model.largest), model.largest)) };
    });
  }

  function offset(feature, row, model) {
    const [name] = feature.columns, found = real(row[name], model);
    if (!Number.isFinite(found) || (feature.log && found <= 0)) {
      throw new Error(`column ${name}: expected ${feature.expected}; received ${Number.isNaN(found) ? "none" : found}.`);
    }
    return [{ term: feature.terms[0], value: Math.fround(feature.log ? Math.log(found) : found) }];
  }

  function buckets(feature, row, model) {
    const x = number(feature.columns[0], row, model), [term] = feature.terms;
    return [{ term, level: Number.isNaN(x) ? term.levels - 1 : feature.boundaries.filter((end) => end <= x).length }];
  }

  // ---- Texts

  function text(column, row, model) {
    const value = row[column];
    if (value === null) return null;
    const found = canonical(String(value), model);
    if (isMark(String(value), model)) return null;
    if (!model.columns[column].boolean) return found;
    const lower = trimmed(found).toLowerCase();
    return Object.keys(model.truths).find((truth) => model.truths[truth].includes(lower)) || "";
  }

  function levels(feature, row, model) {
    const texts = feature.columns.map((column) => text(column, row, model)), [term] = feature.terms;
    if (texts.every((one) => one === null)) return [{ term, level: term.missing }];
    const found = term.known.get(JSON.stringify(texts.length > 1 ? texts : texts[0]));
    if (found !== undefined) return [{ term, level: found }];
    if (term.unlisted) {
      throw new Error(`${feature.name}: this page has ${term.texts.length} of the model's ${term.texts.length + term.unlisted} ` +
        `levels, and ${texts.map((one) => one === null ? "(missing)" : one).join(" × ")} is none of these. Ask the served model.`);
    }
    return [{ term, level: term.other }];
  }

  function ordered(feature, row, model) {
    const own = text(feature.columns[0], row, model), place = own === null ? -1 : feature.levels.indexOf(own);
    const made = feature.contrasts[place < 0 ? feature.levels.length : place];
    return feature.terms.map((term, index) => ({ term, value: Math.fround(index < made.length ? made[index] : Number(place < 0)) }));
  }

  const INSIDE = "[\\p{L}\\p{M}\\p{N}_]";

  function words(feature, row, model) {
    const own = text(feature.columns[0], row, model);
    const has = (word) => {
      const escaped = word.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
      return new RegExp(`(?<!${INSIDE})${escaped}(?!${INSIDE})`, "iu").test(own);
    };
    const made = feature.words.map((word) => Number(own !== null && has(word)));
    return feature.terms.map((term, index) => ({ term, value: index < made.length ? made[index] : Number(own === null) }));
  }

  // ---- The row and its answer

  const KINDS = {
    boolean: levels, categorical: levels, cross: levels, ordered, text: words, datetime: plumblineDates, offset, buckets,
    integer: (feature, row, model) => scaled(feature, integer(feature, row, model), model),
    product: (feature, row, model) =>
      scaled(feature, feature.columns.reduce((made, name) => made * number(name, row, model), 1), model),
  };

  // Of each feature its columns that are not 0: [place, value].
  function columns(row, model) {
    return model.features.map((feature) => {
      const known = KINDS[feature.kind];
      const made = known ? known(feature, row, model)
        : scaled(feature, valid(number(feature.columns[0], row, model), feature), model);
      return { feature, made };
    });
  }

  function variance(x, interval) {
    if (interval.triangle) {
      const at = (i, j) => interval.triangle[i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i];
      let found = 0;
      for (const [i, one] of x) for (const [j, other] of x) found += one * other * at(i, j);
      return found;
    }
    const width = Math.round(Math.sqrt(interval.inner.length)), along = new Float64Array(width);
    let found = 0;
    for (const [place, value] of x) {
      found += value * value * interval.own[place];
      for (let k = 0; k < width; k++) along[k] += value * interval.rows[place * width + k];
    }
    for (let k = 0; k < width; k++) for (let l = 0; l < width; l++) found += along[k] * interval.inner[k * width + l] * along[l];
    return found;
  }

  // Whether columns that depended on each other in every training row do so in this one.
  function agrees(x, model) {
    const values = new Map(x);
    return model.interval.dependences.every((factors) => {
      const parts = factors.map(([place, factor]) => (values.get(place) || 0) * factor);
      const sum = parts.reduce((one, other) => one + other, 0);
      return Math.abs(sum) <= model.agree * parts.reduce((one, other) => one + Math.abs(other), 0);
    });
  }

  return (embedded) => {
    const model = read(embedded), { coefficients: b, link, interval, unbounded } = model;
    const inverse = (eta) => INVERSES[link.name](eta, link.power);

    return (row) => {
      const x = [[0, 1]], answer = { baseline: model.baseline };
      let eta = b[0];
      for (const { feature, made } of columns(row, model)) {
        let contribution = 0;
        for (const { term, value, level } of made) {
          const place = level === undefined ? term.place : term.place + level, own = level === undefined ? value : 1;
          x.push([place, own]);
          eta += own * b[place];
          contribution += level === undefined ? (own - term.centre) * b[place] : b[place] - term.share;
        }
        answer[`contribution_${feature.name}`] = contribution;
        if (feature.ends) {
          const [low, high] = feature.ends, own = made[0].value;
          answer[`outside_${feature.name}`] = Number(own < low || own > high);
        }
      }
      answer[model.answer] = model.smearing ? SMEARED[model.transform](eta, model.smearing) : inverse(eta);
      if (link.name !== "identity") answer.linear_predictor = eta;
      if (interval) {
        const error = agrees(x, model) ? Math.sqrt(interval.sigma ** 2 + variance(x, interval)) : unbounded;
        const half = interval.t * error;
        Object.assign(answer, { standard_error: error, low: inverse(eta - half), high: inverse(eta + half) });
      }
      for (const [name, value] of Object.entries(answer)) answer[name] = Math.min(Math.max(value, -unbounded), unbounded);
      if (model.classes) answer.class = model.classes[Number(answer[model.answer] >= model.threshold)];
      return answer;
    };
  };
})();
