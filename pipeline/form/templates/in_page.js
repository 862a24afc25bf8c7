"use strict";
// Forms whose page has the model itself: rows are scored at each change, and nothing is asked of a server.
for (const root of document.querySelectorAll(".whatif")) {
  const held = document.getElementById(root.dataset.model);
  const score = plumblineScore(JSON.parse(held.textContent));
  plumblineForm(root, (row) => {
    try {
      return { answer: score(Object.fromEntries(row.map(([name, , value]) => [name, value]))) };
    } catch (error) {
      return { error: error.message };
    }
  }, true);
}
