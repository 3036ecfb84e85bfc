// How the page hears of changes: a stream first, polling while there is none (EP-29). Pure: clock and network come in.

/** Time between two polls while the stream is down, in milliseconds. */
export const POLL = 5_000;
/** How long a stream that was cut may take to come back before the page begins to poll. */
export const GRACE = 2_000;
/** A stream that lasts longer than the server keeps one is dead without having said so. */
export const LONGEST_STREAM = 310_000;
const FIRST_RETRY = 250;
const LONGEST_RETRY = 30_000;

/**
 * Keeps one stream open, and polls while that cannot be.
 *
 * The mode is `connecting` at first, `live` with a stream, `fallback` while polls succeed, `error` while nothing does.
 * What was heard before is nobody's to throw away: a failure only changes the mode.
 */
export class Connection {
  #world;
  #mode = "connecting";
  #stream = null;
  #timers = {};
  #failures = 0;
  #polls = false;

  /**
   * @param world `set(then, milliseconds)`, which returns a timer, `clear(timer)` and `chance()` from 0 to 1; `open(listener)`, which
   *   begins a stream and returns what closes it; `poll()`, a promise; `isHidden()`; and `changed(mode)`, which is told.
   */
  constructor(world) {
    this.#world = world;
  }

  get mode() {
    return this.#mode;
  }

  /** Begins. */
  start() {
    this.#open();
  }

  /** Stops polling and trying when nobody looks, and catches up at once when somebody does. */
  visibilityChanged() {
    if (this.#world.isHidden()) {
      ["poll", "retry", "grace"].forEach((name) => this.#stop(name));
      return;
    }
    if (this.#stream) return;
    this.#failures = 0;
    this.#open();
    if (this.#mode === "live") this.#set("grace", GRACE, () => this.#fallBack());
    else this.#poll();
  }

  #open() {
    this.#stop("retry");
    const stream = { close: () => {} };
    this.#stream = stream;
    const isCurrent = () => this.#stream === stream;
    const close = this.#world.open({
      opened: () => isCurrent() && this.#opened(),
      failed: () => isCurrent() && this.#failed(),
    });
    stream.close = close;
    if (!isCurrent()) close();
  }

  #opened() {
    this.#failures = 0;
    ["poll", "grace"].forEach((name) => this.#stop(name));
    this.#set("dead", LONGEST_STREAM, () => this.#failed());
    this.#become("live");
  }

  #failed() {
    this.#stream.close();
    this.#stream = null;
    this.#stop("dead");
    this.#failures += 1;
    if (this.#world.isHidden()) return;
    const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (this.#failures - 1));
    this.#set("retry", wait * (0.5 + this.#world.chance() / 2), () => this.#open());
    if (this.#mode === "live") {
      if (!this.#timers.grace) this.#set("grace", GRACE, () => this.#fallBack());
    } else if (this.#mode === "connecting") {
      this.#fallBack();
    }
  }

  #fallBack() {
    this.#stop("grace");
    this.#become("fallback");
    this.#poll();
  }

  async #poll() {
    this.#stop("poll");
    if (this.#polls) return;
    this.#polls = true;
    let mode = "fallback";
    try {
      await this.#world.poll();
    } catch {
      mode = "error";
    }
    this.#polls = false;
    if (this.#mode === "live") return;
    this.#become(mode);
    if (!this.#world.isHidden()) this.#set("poll", POLL, () => this.#poll());
  }

  #become(mode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#world.changed(mode);
  }

  #set(name, milliseconds, then) {
    this.#stop(name);
    this.#timers[name] = this.#world.set(() => {
      delete this.#timers[name];
      then();
    }, milliseconds);
  }

  #stop(name) {
    if (this.#timers[name] === undefined) return;
    this.#world.clear(this.#timers[name]);
    delete this.#timers[name];
  }
}
