// Words and times as a person reads them. Pure.

/** The states of a life in the order in which a node goes through them, each with its tone and what it means. */
export const LIVES = [
  ["provisioning", "busy", "its machine is being made"],
  ["initializing", "busy", "its Node joins the cluster"],
  ["ready", "good", "it can take work"],
  ["active", "good", "it is in use"],
  ["idle", "calm", "its last workload pod left"],
  ["draining", "warn", "it takes no new pods"],
  ["unhealthy", "bad", "it is broken"],
  ["decommissioned", "off", "its machine is removed"],
];

/** The nodes that no NodeGroup and no VPSieNode claims: the autoscaler leaves them alone. */
export const LEFT_ALONE = ["left alone", "off", "no NodeGroup has them: masters, and what others made"];

/** Words of the API that say more to a person in other words. */
const SPOKEN = {
  anonymous: "the order of requests", manual: "a person", observation: "what was seen", min_nodes: "minNodes",
};

const TONES = {
  available: "good", completed: "good", success: "good", healthy: "good", matched: "good", ready: "good",
  "fits-now": "good", incoming: "busy", "new-node": "busy", unhelpable: "bad",
  progressing: "busy", pending: "busy", waiting: "busy", booting: "busy",
  draining: "warn", outdated: "warn", rejected: "warn", ambiguous: "warn", degraded: "warn", "not-ready": "warn",
  failed: "bad", unhealthy: "bad", conflict: "bad", "timed-out": "bad", error: "bad",
};

/** Keeps a number with its unit. */
const NO_BREAK = "\u00a0";

const MARKS = { good: "✓", busy: "…", calm: "–", warn: "!", bad: "✕", off: "○" };

/** Returns the tone of a word; one that is not known has none. */
export function toneOf(word) {
  const life = LIVES.find(([name]) => name === word);
  return TONES[word] ?? life?.[1] ?? "off";
}

/** Returns the mark that says the same as the colour of a tone. */
export function markOf(tone) {
  return MARKS[tone] ?? MARKS.off;
}

/** Writes `node_provision` or `recorded-id` with spaces. */
export function plain(word) {
  return String(word).replace(/[_-]/g, " ");
}

/** Writes a word of the API as a person says it. */
export function spoken(word) {
  return SPOKEN[word] ?? plain(word);
}

/** Writes a count with its noun. */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** Returns the time of day of a moment, in UTC. */
export function timeOfDay(moment) {
  return moment ? new Date(moment).toISOString().slice(11, 19) : "";
}

/** Returns the date and the time of day of a moment, in UTC. */
export function dateAndTime(moment) {
  return moment ? `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC` : "";
}

/** Writes the time between two moments; nothing where one is not known. */
export function between(from, to) {
  if (!from || !to) return "";
  return lasting(Date.parse(to) - Date.parse(from));
}

/** Writes a span of milliseconds in its two largest units. */
export function lasting(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return `0${NO_BREAK}s`;
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? `${count}${NO_BREAK}${unit}` : "";
  });
  return parts.filter(Boolean).join(NO_BREAK);
}
