// What waits, and why: out of what the autoscaler says of nodes, and what it refused or failed to do last. Pure.

import { compare, isOurs, keyOfNode } from "./fleet.js";
import { counted, plain } from "./words.js";

/** Refusals and failures that are shown. */
const MOST_REFUSALS = 6;
/** As many that wait for the same are shown in one row. */
const MANY = 4;
/** How it stands with a node with which nothing is left to do. */
const SETTLED = new Set(["available", "excluded"]);

/** Lists what waits: `{ key, word, who, why, group, at, isPast }`, what was refused or failed and did not succeed since first. */
export function waiting(nodes, entries) {
  return [...refusals(entries), ...shared(unsettled(nodes).map(rowOf), "node")];
}

/** Lists the nodes on which something is left to do. */
export function unsettled(nodes) {
  const found = [...nodes].filter((node) => isOurs(node) && !SETTLED.has(node.phase));
  return found.sort((a, b) => compare(a.name, b.name));
}

/** Puts many rows that say the same of the same group into one. */
export function shared(rows, noun) {
  const alike = new Map();
  for (const row of rows) {
    const key = `alike/${noun}/${row.word}/${row.group}/${row.why}/${row.helps}`;
    alike.set(key, [...(alike.get(key) ?? []), row]);
  }
  return [...alike].flatMap(([key, rows]) => (rows.length < MANY ? rows : [together(key, rows, noun)]));
}

function together(key, rows, noun) {
  const since = rows.map(({ at }) => at).filter(Boolean).sort((a, b) => Date.parse(a) - Date.parse(b));
  return { ...rows[0], key, who: counted(rows.length, noun), at: since[0] ?? null };
}

function rowOf(node) {
  return {
    key: keyOfNode(node),
    word: node.phase,
    who: node.name,
    why: why(node),
    group: node.node_group,
    at: node.details?.moments.state_since ?? null,
  };
}

/** Says why something is left to do: the sentence of the node, or else what matching says. */
function why(node) {
  if (node.message) return node.message;
  const matched = node.details?.matched;
  if (matched?.reason) return `matching: ${matched.verdict}, ${matched.reason}`;
  return `its life is ${node.lifecycle_state}`;
}

/**
 * Lists what was refused or failed last, one line for each thing and reason.
 *
 * Of what succeeded since nothing waits, nor of a thing that is gone.
 */
function refusals(entries) {
  const [seen, settled] = [new Map(), new Set()];
  for (const entry of entries) {
    const names = [entry.request_id, entry.node, entry.request_id || entry.node ? null : entry.group].filter(Boolean);
    const settles = entry.reason === "removed" ? names : names.map((name) => `${entry.action} ${name}`);
    if (entry.result === "success") {
      settles.forEach((name) => settled.add(name));
      continue;
    }
    if (names.some((name) => settled.has(name) || settled.has(`${entry.action} ${name}`))) continue;
    const key = `refused/${entry.action}/${entry.node ?? entry.group ?? ""}/${entry.reason}`;
    if (!seen.has(key)) seen.set(key, { key, ...line(entry) });
    if (seen.size === MOST_REFUSALS) break;
  }
  return [...seen.values()];
}

function line(entry) {
  const said = entry.error ?? entry.message ?? "";
  const [what, reason] = [plain(entry.action), plain(entry.reason)];
  // Most sentences begin with the reason; it is not said twice.
  const begin = said.toLowerCase().startsWith(reason.toLowerCase()) ? "" : `${reason}${said ? ", " : ""}`;
  return {
    word: entry.result,
    who: entry.node ?? entry.workload ?? entry.group ?? "the autoscaler",
    why: `${what}: ${begin}${said}`,
    group: entry.node ? entry.group : null,
    at: entry.timestamp,
    isPast: true,
  };
}
