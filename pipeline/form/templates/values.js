"use strict";
// What a text and a whole number is, as components/values/ has it. `rules` are made by pipeline/form/embedded.py.
const plumblineValues = (() => {
  const BLANKS = "[\\t-\\r\\x1c-\\x20\\x85\\p{Z}]*";
  const AROUND = new RegExp(`^${BLANKS}|${BLANKS}$`, "gu");

  const trimmed = (text) => text.replace(AROUND, "");

  const rewritten = (text, rules) =>
    rules.reduce((made, [pattern, rewrite]) => made.replace(new RegExp(pattern, "gu"), rewrite), text);

  const canonical = (text, rules) => rewritten(text, rules.canonical);

  // Whether a text stands for nothing.
  const isMark = (text, rules) =>
    rules.missing.includes(trimmed(text)) || rules.missing.includes(trimmed(canonical(text, rules)));

  // A whole number as a BigInt; null where there is none.
  function whole(value, model) {
    if (value === null || Number.isNaN(value)) return null;
    const found = typeof value === "string" ? BigInt(trimmed(value)) : BigInt(Math.trunc(value));
    return model.whole_marks.some((mark) => BigInt(mark) === found) ? null : found;
  }

  return { trimmed, rewritten, canonical, isMark, whole };
})();
