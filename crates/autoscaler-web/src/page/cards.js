// What one group, node, instance and entry looks like.

import { el } from "./dom.js";
import { HEIGHT, WIDTH, inWords, plot } from "./plot.js";
import { LEFT_ALONE, LIVES, between, counted, dateAndTime, lasting, markOf, plain, spoken, timeOfDay, toneOf } from "./words.js";

/** A word with its colour and a mark that says the same. */
export function badge(word, tone = toneOf(word)) {
  return el("span", { class: "badge", "data-tone": tone }, el("span", { "aria-hidden": "true" }, markOf(tone)), ` ${plain(word)}`);
}

function fact(name, ...value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
}

function moment(at) {
  return el("time", { datetime: at, title: dateAndTime(at) }, timeOfDay(at));
}

/** Draws a bar of parts in proportion, with its legend. */
export function bar(parts, label) {
  const shown = parts.filter(({ count }) => count > 0);
  const all = shown.reduce((sum, { count }) => sum + count, 0);
  let x = 0;
  const segments = shown.map(({ tone, count, word }) => {
    const width = (count / all) * 100;
    const part = el("rect", { "data-tone": tone, "data-word": word, x, y: 0, width, height: 1 });
    x += width;
    return part;
  });
  const legend = shown.map(({ word, tone, count, title }) =>
    el("li", { title: title ?? null }, badge(word, tone), ` ${count}`));
  return el("div", { class: "bar" },
    el("svg", { class: "segments", "aria-hidden": "true", viewBox: "0 0 100 1", preserveAspectRatio: "none" }, segments),
    el("ul", { class: "legend", "aria-label": label }, legend));
}

/** Draws a NodeGroup. */
export function groupCard({ group, samples, now }) {
  const { details } = group;
  const wanted = details?.desired_nodes ?? details?.min_nodes ?? null;
  const phases = Object.entries(group.by_phase).map(([word, count]) => ({ word, tone: toneOf(word), count }));
  const limits = details ? `at least ${details.min_nodes}, at most ${details.max_nodes}` : "not seen by a pass yet";
  const told = (details?.told ?? []).filter((condition) => condition.message);
  const held = told.find(({ type, status }) => type === "ScaleUp" && status === "False");
  return el("article", { class: "card", "data-key": group.key },
    el("header", {}, el("h3", {}, group.name), badge(group.assessment)),
    el("p", { class: "size" }, el("strong", {}, String(group.by_phase.available ?? 0)),
      wanted === null ? " available" : ` of ${counted(wanted, "wanted node")} available`),
    el("p", { class: "hint" }, `${group.namespace} · ${limits}${details?.deleted_at ? " · is being deleted" : ""}`),
    held ? el("p", { class: "says" }, `Does not grow (${plain(held.reason)}): ${held.message}`) : null,
    drawing(samples, wanted, now),
    bar(phases, `Nodes of ${group.name} by how it stands with them`),
    told.length === 0 ? null : el("details", {}, el("summary", {}, "What the group says"),
      el("ul", { class: "told" }, told.map((condition) => el("li", {}, el("strong", {}, `${plain(condition.reason)}: `), condition.message)))));
}

function drawing(samples, wanted, now) {
  const lines = plot(samples, wanted, now);
  const label = inWords(samples, wanted, now);
  const level = lines.wanted;
  return el("figure", { class: "plot" },
    el("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, preserveAspectRatio: "none" },
      level === null ? null : el("line", { class: "wanted", x1: 0, x2: WIDTH, y1: level, y2: level }),
      lines.area && el("path", { class: "area", d: lines.area }),
      lines.total && el("path", { class: "total", d: lines.total }),
      lines.available && el("path", { class: "available", d: lines.available })),
    el("figcaption", {}, el("span", { class: "key total" }, "nodes"), el("span", { class: "key available" }, "available"),
      level === null ? null : el("span", { class: "key wanted" }, "wanted"),
      el("span", { class: "span" }, `last ${lasting(lines.span)}, up to ${lines.most}`)));
}

/** Draws a node. */
export function nodeCard(node) {
  const { details } = node;
  const machine = details?.machine;
  const matched = details?.matched;
  const named = machine?.hostname && machine.hostname !== node.name ? machine.hostname : null;
  const numbered = machine?.number ? `machine ${machine.number}` : null;
  const where = [named, numbered, ...(machine?.addresses ?? [])].filter(Boolean).join(" · ");
  return el("article", { class: "card node", "data-key": node.name },
    el("header", {}, el("h4", {}, node.name), badge(node.health)),
    el("p", { class: "hint" }, node.node_group ?? "of no group", node.joined ? null : " · no Node yet"),
    node.message ? el("p", { class: "says" }, node.message) : null,
    el("dl", {},
      where ? fact("Machine", where) : null,
      matched ? fact("Matched", ...evidence(matched)) : node.vpsie_node ? fact("Matched", "not looked at yet") : null,
      node.joined ? fact("Pods", String(node.workload.pods)) : null,
      ...(details?.moments.created_at ? ages(details.moments) : [])));
}

/** Says how machine, Node and VPSieNode were found to belong together. */
function evidence(matched) {
  const kinds = [...new Set(matched.evidence.map(({ kind }) => kind))];
  const links = matched.evidence.map(({ link, kind, detail }) => `${plain(link)} by ${plain(kind)}: ${detail}`);
  const first = matched.recorded_by ? `; at first by ${spoken(matched.recorded_by)}` : "";
  const by = kinds.length > 0 ? ` by ${kinds.map(spoken).join(", ")}${first}` : "";
  return [
    badge(matched.verdict),
    el("span", { title: links.join("\n") || null }, by),
    matched.reason ? `: ${plain(matched.reason)}` : null,
    matched.contested ? " · contested" : null,
  ];
}

function ages({ created_at, joined_at, ready_at, state_since }) {
  const [joined, ready] = [between(created_at, joined_at), between(created_at, ready_at)];
  const steps = [
    joined && joined !== ready ? `, joined after ${joined}` : "",
    ready ? `, Ready after ${ready}` : "",
  ];
  const since = state_since ? fact("State", "since ", moment(state_since)) : null;
  return [fact("Asked for", "at ", moment(created_at), steps.join("")), since].filter(Boolean);
}

/** Draws the nodes of one state. */
export function lifeHeading({ life, tone, meaning, nodes }) {
  return el("h3", { class: "life" }, badge(life, tone), ` ${counted(nodes.length, "node")} `, el("span", { class: "hint" }, meaning));
}

/** Draws all lives as one bar. */
export function livesBar(lists) {
  const parts = [...LIVES, LEFT_ALONE].map(([word, tone, title]) => {
    const of = lists.find(({ life }) => life === word);
    return { word, tone, title, count: of?.nodes.length ?? 0 };
  });
  return bar(parts, "Nodes by the state of their life");
}

/** Draws one thing that waits. */
export function waitingRow({ word, who, why, group, at, isPast, helps, reasons = [] }) {
  return el("li", {}, badge(word), el("strong", {}, who), group ? el("span", { class: "hint" }, group) : null,
    el("span", { class: "why" }, why, helps ? el("span", { class: "helps" }, `What would help: ${helps}`) : null),
    at ? el("span", { class: "hint at" }, isPast ? "at " : "since ", moment(at)) : null,
    reasons.length === 0 ? null : el("details", {}, el("summary", {}, "Why no group helps"),
      el("ul", { class: "told" }, reasons.map((reason) => el("li", {}, reason)))));
}

/** Draws an instance; one that vanished is greyed, with when it was last seen (EP-31). */
export function instanceCard({ instance, service, goneAt, seenAt }) {
  const { addresses, health, kubernetes } = instance;
  const gone = goneAt !== null;
  const ports = Object.entries(instance.ports).map(([name, port]) => `${name} ${port}`).join(", ");
  return el("article", { class: gone ? "card gone" : "card", "data-key": `${service}/${instance.id}` },
    el("header", {}, el("h3", {}, instance.id), badge(gone ? "gone" : instance.status)),
    el("p", { class: "hint" }, service),
    el("dl", {},
      fact("Address", addresses.ips.join(", ") || "none yet"),
      fact("Name", addresses.dnsName ?? addresses.serviceEndpoint ?? "none"),
      ports ? fact("Ports", ports) : null,
      kubernetes.nodeName ? fact("Node", kubernetes.nodeName) : null,
      instance.zone ? fact("Zone", instance.zone) : null,
      health.score === undefined || gone ? null : fact("Score", `${health.score} of 100, ${plain(health.details.basis)}`),
      gone ? fact("Last seen", moment(seenAt)) : null));
}

/** Draws an entry of the audit log. */
export function entryRow(entry) {
  const about = [entry.node, entry.workload, entry.group].filter(Boolean).join(" · ");
  return el("li", {}, el("span", { class: "at" }, moment(entry.timestamp)), badge(entry.result),
    el("div", {}, el("p", {}, el("strong", {}, plain(entry.action)), ` ${plain(entry.reason)}`, about ? el("span", { class: "about" }, about) : null),
      entry.message ? el("p", {}, entry.message) : null,
      entry.error ? el("p", { class: "says" }, entry.error) : null,
      el("p", { class: "hint" }, `decided by ${spoken(entry.decision_by)}`, entry.count ? ` · ${entry.count}` : null, entry.repeats ? ` · and ${counted(entry.repeats, "time")} before` : null)));
}
