// What is known of nodes and NodeGroups, and how the counts of groups went. Pure: the time comes in.

import { LEFT_ALONE, LIVES } from "./words.js";

/** Samples that are kept of a group. */
const MOST_SAMPLES = 600;

/** Holds nodes and NodeGroups. What did not change stays the same object, so that its card is not touched. */
export class Fleet {
  nodes = new Map();
  groups = new Map();
  /** Counts over time by group, the oldest first: `{ at, total, available }`. */
  history = new Map();
  /** Whether this replica knows no states, since another one leads. */
  standsBy = false;

  /** Takes everything, in place of all that was told before. */
  snapshot({ nodes, groups }, now) {
    this.standsBy = false;
    this.nodes = replaced(this.nodes, nodes, keyOfNode);
    this.groups = replaced(this.groups, groups, (group) => group.key);
    this.#sample(now);
  }

  /** Takes what is different. */
  changes({ nodes, gone_nodes, groups, gone_groups }, now) {
    for (const gone of gone_nodes) this.nodes.delete(keyOfNode(gone));
    for (const node of nodes) put(this.nodes, keyOfNode(node), node);
    for (const key of gone_groups) this.groups.delete(key);
    for (const group of groups) put(this.groups, group.key, group);
    this.#sample(now);
  }

  /** Hears that another replica leads. What was known stays, to be read as what it is. */
  standBy() {
    this.standsBy = true;
  }

  /** Lists the groups in the order of their keys. */
  groupList() {
    return [...this.groups.values()].sort((a, b) => compare(a.key, b.key));
  }

  /** Lists the states of lives that occur, in their order, each with its nodes in the order of names. */
  byLife(text = "") {
    const wanted = text.trim().toLowerCase();
    const found = [...this.nodes.values()].filter((node) => matches(node, wanted));
    found.sort((a, b) => compare(a.name, b.name));
    const lists = [...LIVES, LEFT_ALONE].map(([life, tone, meaning]) => {
      const nodes = found.filter((node) => lifeOf(node) === life);
      return { life, tone, meaning, nodes };
    });
    return lists.filter(({ nodes }) => nodes.length > 0);
  }

  /** Counts the nodes that are the business of the autoscaler. */
  counts() {
    const ours = [...this.nodes.values()].filter(isOurs);
    const available = ours.filter((node) => node.phase === "available").length;
    const pods = ours.reduce((sum, node) => sum + node.workload.pods, 0);
    return { nodes: ours.length, available, pods };
  }

  #sample(now) {
    for (const key of this.history.keys()) if (!this.groups.has(key)) this.history.delete(key);
    for (const [key, group] of this.groups) {
      const samples = this.history.get(key) ?? [];
      const last = samples.at(-1);
      const { total } = group;
      const available = group.by_phase.available ?? 0;
      if (last?.total === total && last?.available === available) continue;
      samples.push({ at: now, total, available });
      if (samples.length > MOST_SAMPLES) samples.shift();
      this.history.set(key, samples);
    }
  }
}

/** Tells whether a NodeGroup or a VPSieNode claims a node. */
export function isOurs(node) {
  return node.node_group !== null || node.vpsie_node !== null;
}

function lifeOf(node) {
  return isOurs(node) ? node.lifecycle_state : LEFT_ALONE[0];
}

/** Names a node: a VPSieNode without a Node may have the name of somebody else's Node. */
export function keyOfNode({ joined, name }) {
  return `${joined ? "node" : "record"}/${name}`;
}

/** Compares texts so that `web-2` comes before `web-10`, the same way everywhere. */
export function compare(one, other) {
  return COLLATOR.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
}

const COLLATOR = new Intl.Collator("en", { numeric: true });

function matches(node, wanted) {
  if (!wanted) return true;
  const machine = node.details?.machine;
  const texts = [node.name, node.node_group, node.vpsie_node, machine?.hostname, ...(machine?.addresses ?? [])];
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}

function replaced(known, list, keyOf) {
  const next = new Map();
  for (const item of list) {
    const key = keyOf(item);
    next.set(key, same(known.get(key), item));
  }
  return next;
}

function put(known, key, item) {
  known.set(key, same(known.get(key), item));
}

function same(known, item) {
  return known && JSON.stringify(known) === JSON.stringify(item) ? known : item;
}
