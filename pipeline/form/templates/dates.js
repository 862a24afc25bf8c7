"use strict";
// A feature of dates: its columns of a row, as components/values/calendar_parts.py has them, by whole numbers of microseconds.
const plumblineDates = (() => {
  const { trimmed, rewritten, canonical, whole } = plumblineValues;
  const SECOND = 1000000n, HOUR = 3600n * SECOND, DAY = 24n * HOUR;

  function divided(a, b) {
    const found = a / b;
    return a % b !== 0n && (a < 0n) !== (b < 0n) ? found - 1n : found;
  }

  const rest = (a, b) => a - divided(a, b) * b;

  function daysOf(year, month, day) {
    month = rest(month + 9n, 12n);
    year -= divided(month, 10n);
    const era = divided(year, 400n), ofEra = rest(year, 400n);
    const dayOfYear = divided(153n * month + 2n, 5n) + day - 1n;
    return 146097n * era + 365n * ofEra + divided(ofEra, 4n) - divided(ofEra, 100n) + dayOfYear - 719468n;
  }

  function dateOf(days) {
    const shifted = days + 719468n, era = divided(shifted, 146097n), day = rest(shifted, 146097n);
    const year = divided(day - divided(day, 1460n) + divided(day, 36524n) - divided(day, 146096n), 365n);
    const month = divided(5n * (day - (365n * year + divided(year, 4n) - divided(year, 100n))) + 2n, 153n);
    return [year + 400n * era + divided(month, 10n), rest(month + 2n, 12n) + 1n];
  }

  // By starts and values: the value of the last start that is not after it.
  const step = (starts, values, at) => BigInt(values[starts.filter((start) => BigInt(start) <= at).length]);

  function instantOfText(feature, value, model) {
    const own = canonical(String(value), model), { dates } = model;
    const iso = rewritten(trimmed(own), feature.rules);
    if (!new RegExp(dates.valid, "u").test(iso)) {
      if (model.missing.includes(trimmed(own))) return null;
      throw new Error(`column ${feature.columns[0]}: expected ${feature.expected}; received ${JSON.stringify(own)}.`);
    }
    const [stamp, fraction, offset] = ["stamp", "fraction", "offset"].map((name) => BigInt(rewritten(iso, dates[name])));
    const part = (from, size) => rest(divided(stamp, from), size);
    const days = daysOf(divided(stamp, 10n ** 10n), part(10n ** 8n, 100n), part(10n ** 6n, 100n));
    const seconds = 86400n * days + 3600n * part(10n ** 4n, 100n) + 60n * part(100n, 100n) + part(1n, 100n);
    const size = offset < 0n ? -offset : offset, sign = offset < 0n ? -1n : 1n;
    let ahead = 60n * sign * (60n * divided(size, 100n) + rest(size, 100n));
    if (new RegExp(dates.without_zone, "u").test(iso)) {
      const { starts, offsets } = feature;
      const local = starts.map((start, index) => start + Math.max(offsets[index], offsets[index + 1]));
      ahead += step(local, offsets, seconds);
    }
    return SECOND * (seconds - ahead) + fraction;
  }

  function instant(feature, row, model) {
    const value = row[feature.columns[0]];
    if (value === null) return null;
    if (!feature.unit) return instantOfText(feature, value, model);
    const found = whole(value, model), unit = BigInt(feature.unit);
    const [first, last] = model.dates.ends.map((end) => divided(BigInt(end), unit));
    return found === null || found < first || found > last ? null : found * unit;
  }

  return (feature, row, model) => {
    const found = instant(feature, row, model), there = found !== null;
    const local = there ? found + SECOND * step(feature.starts, feature.offsets, divided(found, SECOND)) : 0n;
    const days = divided(local, DAY), [year, month] = dateOf(days);
    const place = {
      hour: () => divided(rest(local, DAY), HOUR),
      weekday: () => rest(days + 3n, 7n),
      month: () => month - 1n,
      quarter: () => divided(month - 1n, 3n),
    };
    const turn = (part) => {
      if (part === "hour") return Number(rest(local, DAY)) / Number(DAY);
      const first = daysOf(year, 1n, 1n);
      if (part === "day_of_year") return Number(days - first) / Number(daysOf(year + 1n, 1n, 1n) - first);
      return Number(place[part]()) / feature.counts[part];
    };
    return feature.terms.map((term) => {
      if (!term.part) return { term, value: Number(!there) };
      if (term.levels) return { term, level: there ? Number(place[term.part]()) : term.levels - 1 };
      let own;
      if (term.part === "year") own = there ? Number(year) : term.mean;
      else if (term.part === "elapsed") own = there ? Number(found) / Number(DAY) : term.mean;
      else {
        const [part, side] = term.part.split(" ");
        own = there ? Math[side](2 * Math.PI * turn(part)) : 0;
      }
      return { term, value: Math.fround((own - term.mean) / term.std) };
    });
  };
})();
