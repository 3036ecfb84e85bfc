// The live instances of Services as cards, and what the header says of discovery (EP-30, EP-31). Pure.

import { compare } from "./fleet.js";
import { counted } from "./words.js";

/** How long a vanished instance is still shown, in milliseconds. */
export const RETENTION = 300_000;

/** Holds the instances, those that vanished of late, and how discovery works. */
export class Instances {
  /** `{ kind: "unknown" | "off" | "error" | "known", mode, error, stale, hint, total }` */
  discovery = { kind: "unknown" };
  #known = new Map();

  /** Takes an answer of `/api/instances/live` with its status. */
  apply(status, body, now) {
    if (status === 404) {
      this.discovery = { kind: "off" };
      this.#vanish(new Set(), now);
      return;
    }
    if (status === 503) {
      // Nothing is known of any Service: what was known before stays as it was.
      this.discovery = { kind: "error", error: body.error };
      return;
    }
    const found = new Set();
    for (const { key, service, instance } of named(body)) {
      found.add(key);
      const text = JSON.stringify(instance);
      const known = this.#known.get(key);
      if (known?.text === text && known.goneAt === null) continue;
      this.#known.set(key, { key, service, instance, text, goneAt: null, seenAt: instance.lastSeen });
    }
    this.#vanish(found, now);
    const hint = body.services.some((service) => service.hint);
    const { discoveryMode: mode, stale, summary } = body;
    this.discovery = { kind: "known", mode, stale, hint, total: summary.total, ready: summary.ready };
  }

  /** Hears that a stream has begun without a word about discovery: there is none. */
  silence() {
    if (this.discovery.kind === "unknown") this.discovery = { kind: "off" };
  }

  /** Lists the cards in the order of ids; those that vanished too long ago are forgotten. */
  cards(now) {
    for (const [key, { goneAt }] of this.#known) {
      if (goneAt !== null && now - goneAt >= RETENTION) this.#known.delete(key);
    }
    const cards = [...this.#known.values()];
    return cards.sort((a, b) => compare(a.instance.id, b.instance.id) || compare(a.service, b.service));
  }

  #vanish(found, now) {
    for (const [key, card] of this.#known) {
      if (!found.has(key) && card.goneAt === null) this.#known.set(key, { ...card, goneAt: now });
    }
  }
}

/** Says how discovery works: the text of the header, its tone, and a sentence about both (EP-30). */
export function header(discovery, connection) {
  if (discovery.kind === "off") {
    return chip("off", "off", "No Service is discovered here: none is named in the settings.");
  }
  if (connection === "error") {
    return chip(discovery.mode ?? "error", "bad", "The autoscaler does not answer; what you see is what it said last.", discovery);
  }
  if (discovery.kind === "unknown") return chip("…", "off", "The autoscaler has not been asked yet.");
  if (discovery.kind === "error") {
    return chip("error", "bad", discovery.error ?? "Nothing is known of any Service yet.", { total: 0 });
  }
  const tone = connection === "live" ? "good" : "warn";
  if (discovery.stale) {
    return chip(discovery.mode, "warn", "Kubernetes does not tell of everything; the list may be out of date.", discovery);
  }
  if (discovery.hint || discovery.mode === "static") {
    return chip(discovery.mode, "warn", "The instances come from the settings, not from Kubernetes.", discovery);
  }
  const means = tone === "good" ? "each change is shown as it happens" : "the stream is down, so it is asked every 5 seconds";
  return chip(discovery.mode, tone, `Kubernetes tells of the instances, and ${means}.`, discovery);
}

function chip(mode, tone, title, { total } = {}) {
  const pods = total === undefined ? "" : ` (${counted(total, "pod")})`;
  return { text: `Auto-Discovery: ${mode}${pods}`, tone, title };
}

/** Names each instance together with its Service: two Services may share a pod. */
function* named({ services, instances }) {
  let at = 0;
  for (const { namespace, name, instanceIds } of services) {
    const service = `${namespace}/${name}`;
    for (const id of instanceIds) {
      yield { key: `${service}/${id}`, service, instance: instances[at] };
      at += 1;
    }
  }
}
