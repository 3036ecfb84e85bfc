// The pods that are on no Node: what becomes of each, why, and what would help. Pure.

import { compare } from "./fleet.js";
import { shared } from "./waiting.js";
import { plain } from "./words.js";

/** What becomes of a pod, as a sentence; what comes first is shown first. */
const OUTCOMES = {
  unhelpable: (pod) => pod.message ?? `no NodeGroup helps: ${pod.reasons.map(plain).join(", ") || "there is none"}`,
  "new-node": (pod) => `a node of ${pod.node_group} is asked for`,
  incoming: () => "a node that is coming is for it",
  "fits-now": () => "it fits on a Node that is there; the scheduler places it",
  ignored: (pod) => `nothing is to be done: ${pod.reasons.map(plain).join(", ")}`,
};

/** Makes rows of pods as those of nodes that wait, with what would help and the reasons of each NodeGroup. */
export function podRows(pods) {
  const order = Object.keys(OUTCOMES);
  const rows = [...pods].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome) || compare(nameOf(a), nameOf(b)));
  return shared(rows.map(rowOf), "pod");
}

/** Counts the pods that wait for a Node; those that planning ignores are none. */
export function countWaiting(pods) {
  return pods.filter(({ outcome }) => outcome !== "ignored").length;
}

function rowOf(pod) {
  const reasons = pod.groups.map(({ node_group, misfits }) => `${node_group}: ${misfits.map(misfit).join("; ")}`);
  return {
    key: `pod/${pod.uid}`,
    word: pod.outcome,
    who: nameOf(pod),
    why: OUTCOMES[pod.outcome]?.(pod) ?? plain(pod.outcome),
    group: pod.node ?? pod.vpsie_node,
    at: pod.since,
    helps: pod.would_help,
    reasons,
  };
}

function nameOf({ namespace, name }) {
  return `${namespace}/${name}`;
}

function misfit({ reason, needs, has }) {
  const parts = [needs && `needs ${needs}`, has && `has ${has}`].filter(Boolean).join(", ");
  return parts ? `${plain(reason)} (${parts})` : plain(reason);
}
