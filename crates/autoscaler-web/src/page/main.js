// The page itself: joins the network, what is known, and what is seen.

import { Troubles, ask } from "./answers.js";
import { entryRow, groupCard, instanceCard, lifeHeading, livesBar, nodeCard, waitingRow } from "./cards.js";
import { Connection } from "./connection.js";
import { attribute, el, list, morph, text } from "./dom.js";
import { Fleet, keyOfNode } from "./fleet.js";
import { Instances, header } from "./instances.js";
import { countWaiting, podRows } from "./pods.js";
import { Timeline } from "./timeline.js";
import { unsettled, waiting } from "./waiting.js";
import { counted, plain } from "./words.js";

/** Entries of the audit log that are asked for at once. */
const AT_ONCE = 200;
/** Rows of the audit log that are drawn; the filters reach all that are known. */
const MOST_ROWS = 300;
/** Things that wait and are drawn. */
const MOST_WAITING = 40;
/** How often what depends on time alone is drawn: the plots, and instances that are gone. */
const TICK = 5_000;

const MODES = {
  connecting: ["off", "Connecting", "The page asks the autoscaler for the first time."],
  live: ["good", "Live", "Each change is shown as it happens."],
  fallback: ["warn", "Polling every 5 s", "The stream of changes is down; the page asks every 5 seconds and tries the stream again."],
  error: ["bad", "Not connected", "The autoscaler does not answer. What you see is what it said last; the page keeps trying."],
};

const page = (id) => document.getElementById(id);
const fleet = new Fleet();
const instances = new Instances();
const timeline = new Timeline();
const troubles = new Troubles();
/** The pods that are on no Node, as they were told last. */
let pods = [];

// === the network ===

/** Asks for nodes or groups; gets nothing while this replica stands by. */
async function askForStates(path) {
  const { status, body } = await ask(path, 200, 503);
  return status === 200 ? body : null;
}

async function askForInstances() {
  const { status, body } = await ask("/api/instances/live", 200, 404, 503);
  instances.apply(status, body, Date.now());
}

async function askForEntries() {
  const { body } = await ask(`/api/audit?limit=${AT_ONCE}`, 200);
  timeline.merge(body);
}

async function askForPods() {
  const { status, body } = await ask("/api/pending", 200, 503);
  // While nobody plans nothing is known of them.
  pods = status === 200 ? body.pods : [];
}

async function askForFleet() {
  const [nodes, groups] = await Promise.all([askForStates("/api/nodes"), askForStates("/api/groups")]);
  // A stream that came back meanwhile knows better.
  if (connection.mode === "live") return;
  if (nodes && groups) fleet.snapshot({ ...nodes, ...groups }, Date.now());
  else fleet.standBy();
}

async function poll() {
  const parts = [troubles.of("nodes and groups", askForFleet()), troubles.of("the audit log", askForEntries()),
    troubles.of("pods", askForPods())];
  // Where nothing is discovered the answer is an error, and only the stream says that this changed.
  if (instances.discovery.kind !== "off") parts.push(troubles.of("live instances", askForInstances()));
  const answered = await Promise.allSettled(parts);
  const away = answered.find(({ status }) => status === "rejected");
  // Of what is not there at all it is not known what it would refuse.
  if (away) troubles.clear();
  draw();
  if (away) throw away.reason;
  if (answered.every(({ value }) => !value)) throw new Error("everything is refused");
}

/** Asks for what the stream does not bring; what fails here is asked for again with the next stream or poll. */
async function catchUp(part, asked) {
  try {
    await troubles.of(part, asked);
  } catch {
    // The connection itself says that nobody answers.
  }
  draw();
}

function open({ opened, failed }) {
  const source = new EventSource("/api/stream");
  const hear = (name, then) => source.addEventListener(name, (event) => {
    then(JSON.parse(event.data));
    draw();
  });
  source.onopen = async () => {
    troubles.clear();
    opened();
    await catchUp("the audit log", askForEntries());
    instances.silence();
    draw();
  };
  source.onerror = failed;
  hear("snapshot", (told) => fleet.snapshot(told, Date.now()));
  hear("changes", (told) => fleet.changes(told, Date.now()));
  hear("standby", () => fleet.standBy());
  hear("audit", (entry) => timeline.add(entry));
  hear("audit-missed", () => catchUp("the audit log", askForEntries()));
  hear("pending", () => catchUp("pods", askForPods()));
  hear("discovery", () => catchUp("live instances", askForInstances()));
  return () => source.close();
}

const connection = new Connection({
  set: (then, milliseconds) => setTimeout(then, milliseconds),
  clear: (timer) => clearTimeout(timer),
  chance: () => Math.random(),
  open,
  poll,
  isHidden: () => document.hidden,
  changed: draw,
});

// === what is seen ===

let isDue = false;

/** Draws everything once, however much came before the next frame. */
function draw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawNow();
  });
}

function drawNow() {
  const now = Date.now();
  drawHeader();
  drawOverview();
  drawGroups(now);
  drawWaiting();
  drawNodes();
  drawInstances(now);
  drawEntries();
}

function drawChip(chip, tone, words, title) {
  attribute(chip, "data-tone", tone);
  text(chip, words);
  attribute(chip, "title", title);
}

function drawHeader() {
  drawChip(page("connection"), ...connectionInWords());
  const said = header(instances.discovery, connection.mode);
  drawChip(page("discovery"), said.tone, said.text, said.title);
  const standby = fleet.standsBy ? "This replica stands by: another one leads, or it has just begun. Ask that one for the nodes and groups of now." : "";
  const banner = page("banner");
  const silence = connection.mode === "error" && !troubles.sentence ? MODES.error[2] : "";
  const sentences = [standby, troubles.sentence, silence].filter(Boolean).join(" ");
  banner.hidden = !sentences;
  text(banner, sentences);
}

/** Says how the page hears of changes; who answers, though not what was asked, is not away. */
function connectionInWords() {
  const { status, sentence } = troubles;
  if (connection.mode !== "error" || !status) return MODES[connection.mode];
  return ["bad", [401, 403].includes(status) ? "No access" : `Error ${status}`, sentence];
}

function drawOverview() {
  const { nodes, available, pods: running } = fleet.counts();
  const tiles = [
    ["Groups", fleet.groups.size], ["Nodes", nodes], ["Available", available],
    ["Nodes that wait", unsettled(fleet.nodes.values()).length], ["Pods that wait", countWaiting(pods)], ["Workload pods", running],
  ];
  list(page("tiles"), tiles.map(([name, count]) => `${name}|${count}`), (tile) => tile.split("|")[0], (tile) => {
    const [name, count] = tile.split("|");
    return el("div", {}, el("dt", {}, name), el("dd", {}, count));
  });
  const lives = page("lives");
  const wanted = el("div", { id: "lives" }, livesBar(fleet.byLife()));
  morph(lives, wanted);
}

function drawGroups(now) {
  const groups = fleet.groupList().map((group) => ({ group, samples: fleet.history.get(group.key) ?? [], now }));
  list(page("group-list"), groups, ({ group }) => group.key, groupCard);
  page("group-empty").hidden = groups.length > 0;
}

function drawWaiting() {
  const rows = waiting(fleet.nodes.values(), timeline.entries);
  drawRows("waiting", rows, "among the nodes below");
  const waitingPods = podRows(pods);
  drawRows("pod", waitingPods, "of which /api/pending tells");
  page("pods").hidden = waitingPods.length === 0;
  page("waiting-empty").hidden = rows.length > 0;
}

function drawRows(name, rows, where) {
  list(page(`${name}-list`), rows.slice(0, MOST_WAITING), ({ key }) => key, waitingRow);
  const more = page(`${name}-more`);
  const left = rows.length - MOST_WAITING;
  more.hidden = left <= 0;
  text(more, left > 0 ? `and ${left} more, ${where}` : "");
}

function drawNodes() {
  const lists = fleet.byLife(page("node-text").value);
  const container = page("node-list");
  const lives = lists.map(({ life }) => life);
  list(container, lives, (life) => life, (life) => el("section", { "data-life": life, "aria-label": `${plain(life)} nodes` }));
  [...container.children].forEach((section, index) => drawLife(section, lists[index]));
  page("node-empty").hidden = lists.length > 0;
  text(page("node-empty"), fleet.nodes.size > 0 ? "No node is like that." : "No node is known yet.");
}

function drawLife(section, of) {
  if (!section.firstElementChild) section.append(el("h3"), el("div", { class: "grid" }));
  attribute(section, "data-width", String(Math.min(3, of.nodes.length)));
  const [heading, cards] = section.children;
  morph(heading, lifeHeading(of));
  list(cards, of.nodes, keyOfNode, nodeCard);
}

function drawInstances(now) {
  const { kind, error } = instances.discovery;
  const cards = instances.cards(now);
  list(page("instance-list"), cards, ({ key }) => key, instanceCard);
  const hints = {
    unknown: "The autoscaler has not been asked yet.",
    off: "No Service is discovered here: none is named in the settings.",
    error: error ?? "Nothing is known of any Service yet.",
    known: "The endpoints of Services, in the order of their ids. One that vanished stays for five minutes.",
  };
  text(page("instances-hint"), hints[kind]);
}

function drawEntries() {
  offer(page("audit-action"), timeline.entries.map((entry) => entry.action));
  offer(page("audit-result"), timeline.entries.map((entry) => entry.result));
  const filter = { action: page("audit-action").value, result: page("audit-result").value, text: page("audit-text").value };
  const found = timeline.select(filter);
  const shown = found.slice(0, MOST_ROWS);
  list(page("audit-list"), shown, (entry) => entry, entryRow);
  page("audit-empty").hidden = shown.length > 0;
  text(page("audit-empty"), timeline.entries.length > 0 ? "No entry is like that." : "Nothing was recorded yet.");
  const all = timeline.entries.length;
  const part = found.length < all ? ` of ${all}` : "";
  text(page("audit-count"), found.length > shown.length ? `the newest ${shown.length} of ${counted(found.length, "entry", "entries")}` : `${found.length}${part} ${found.length === 1 && !part ? "entry" : "entries"}`);
  page("audit-older").hidden = !timeline.hasOlder;
}

/** Offers each word that occurs, without touching what is chosen. */
function offer(select, words) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const word of new Set(words)) if (!known.has(word)) select.append(el("option", { value: word }, plain(word)));
}

// === what a person does ===

async function showOlder() {
  const oldest = timeline.entries.at(-1);
  const button = page("audit-older");
  button.disabled = true;
  try {
    const { body } = await ask(`/api/audit?limit=${AT_ONCE}&until=${encodeURIComponent(oldest.timestamp)}`, 200);
    timeline.older(body);
  } catch {
    // The connection says by itself that nobody answers; the button can be pressed again.
  }
  button.disabled = false;
  draw();
}

page("audit-filters").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["node-text", "audit-action", "audit-result", "audit-text"]) page(id).addEventListener("input", draw);
page("audit-older").addEventListener("click", showOlder);
document.addEventListener("visibilitychange", () => connection.visibilityChanged());
setInterval(() => {
  if (!document.hidden) draw();
}, TICK);
connection.start();
draw();
