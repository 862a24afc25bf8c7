"use strict";
(() => {
  // JSON with the bare words that TF Serving writes; both become null.
  function parse(text) {
    try {
      return JSON.parse(text);
    } catch (error) {
      return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (part) => part[0] === '"' ? part : "null"));
    }
  }

  const TEXTS = ["text", "choice", "date", "time", "digits"];

  function json(kind, value) {
    if (value === null) return TEXTS.includes(kind) ? '""' : "NaN";
    return typeof value === "bigint" ? String(value) : JSON.stringify(value);
  }

  async function newer(section, url) {
    const response = await fetch(url);
    if (!response.ok) return undefined;
    const versions = (await response.json()).model_version_status || [];
    const loaded = versions.filter((status) => status.state === "AVAILABLE").map((status) => BigInt(status.version));
    const highest = loaded.reduce((most, version) => version > most ? version : most, 0n);
    if (loaded.length === 0 || String(highest) === section.dataset.version) return undefined;
    return `Version ${highest} answers by now. Reload this page to see its inputs.`;
  }

  async function ask(section, row) {
    const url = "v1/models/" + encodeURIComponent(section.dataset.model);
    const instance = row.map(([name, kind, value]) => JSON.stringify(name) + ":" + json(kind, value)).join(",");
    const body = `{"signature_name":${JSON.stringify(section.dataset.signature)},"instances":[{${instance}}]}`;
    let response;
    try {
      response = await fetch(url + ":predict", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    } catch (error) {
      return { error: "The server does not answer. Is it still running?" };
    }
    const text = await response.text();
    let answer;
    try {
      answer = parse(text);
    } catch (error) {
      return { error: `The server's answer (status ${response.status}) is no JSON.` };
    }
    if (!response.ok) return { error: answer.error || `The server answers with status ${response.status}.` };
    return { answer: answer.predictions[0], notice: await newer(section, url).catch(() => undefined) };
  }

  for (const section of document.querySelectorAll("section[data-model]")) {
    const root = section.querySelector(".whatif");
    if (root) plumblineForm(root, (row) => ask(section, row));
  }
})();
