// What the API answers, and what it says where it does not.

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

/** An answer that is none: the status, and what the API says of it. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail ? `${status}, ${detail}` : `${status}`);
    this.status = status;
  }
}

/** Asks, and returns the body of an answer with one of these statuses, and which it was; any other is refused. */
export async function ask(path, ...wanted) {
  const response = await fetch(path, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
  const isJson = response.headers.get("content-type")?.includes("json");
  const body = isJson ? await response.json() : null;
  const { status } = response;
  // What is not JSON was not said by the autoscaler, but by something on the way to it.
  if (!wanted.includes(status) || !body) throw new Refused(status, body ? body.detail : "and does not say why");
  return { status, body };
}

/** Which parts of the API refused to answer last, and why. */
export class Troubles {
  #refused = new Map();

  /** Asks for a part; that it is refused is noted, and keeps no other part from being shown. Tells whether it was answered. */
  async of(part, asked) {
    try {
      await asked;
      this.#refused.delete(part);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refused.set(part, error);
      return false;
    }
  }

  /** Forgets all, as when nobody answers at all. */
  clear() {
    this.#refused.clear();
  }

  /** Returns the status that was answered instead, the first of several; nothing where all is answered. */
  get status() {
    return this.#refused.values().next().value?.status ?? null;
  }

  /** Says what is refused, in a sentence; nothing where all is answered. */
  get sentence() {
    const reasons = [...new Set([...this.#refused.values()].map(({ message }) => message))];
    if (reasons.length === 0) return "";
    const isAccess = [401, 403].includes(this.status);
    const way = isAccess ? " This page shows no token: open it on the machine of the autoscaler, or through kubectl port-forward." : "";
    return `The autoscaler does not show ${[...this.#refused.keys()].sort().join(", ")}: it answers ${reasons.join("; ")}.${way}`;
  }
}
