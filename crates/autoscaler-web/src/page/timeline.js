// The audit log as far as the page has it, and what of it is wanted. Pure.

/** Entries that are kept; the autoscaler itself holds a thousand in memory. */
export const MOST_ENTRIES = 1000;

/** Holds entries, the newest first. */
export class Timeline {
  entries = [];
  hasOlder = false;
  #texts = new Set();

  /** Takes one new entry. */
  add(entry) {
    if (!this.#isNew(entry)) return;
    this.entries = [entry, ...this.entries];
    this.#forget();
  }

  /** Takes the newest entries of an answer, among which may be some that are known. */
  merge(answer) {
    const added = answer.entries.filter((entry) => this.#isNew(entry));
    if (this.entries.length === 0) this.hasOlder = answer.has_more;
    if (added.length === 0) return;
    this.entries = [...added, ...this.entries];
    this.entries.sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp));
    this.#forget();
  }

  /** Takes entries that are older than those that are known. */
  older(answer) {
    this.hasOlder = answer.has_more;
    this.entries = [...this.entries, ...answer.entries.filter((entry) => this.#isNew(entry))];
    if (this.entries.length >= MOST_ENTRIES) this.hasOlder = false;
    this.#forget();
  }

  /** Lists the entries that are wanted. */
  select({ action = "", result = "", text = "" }) {
    const wanted = text.trim().toLowerCase();
    return this.entries.filter((entry) => {
      if (action && entry.action !== action) return false;
      if (result && entry.result !== result) return false;
      const texts = [entry.node, entry.group, entry.workload, entry.reason, entry.message, entry.error];
      return !wanted || texts.some((value) => value?.toLowerCase().includes(wanted));
    });
  }

  #isNew(entry) {
    const text = JSON.stringify(entry);
    if (this.#texts.has(text)) return false;
    this.#texts.add(text);
    return true;
  }

  #forget() {
    for (const entry of this.entries.splice(MOST_ENTRIES)) this.#texts.delete(JSON.stringify(entry));
  }
}
