// Counts over time as lines of steps, and the same in words. Pure.

import { counted, lasting } from "./words.js";

/** Size of a plot in its own units. */
export const WIDTH = 320;
export const HEIGHT = 72;
/** Shortest time that a plot shows, so that the first seconds do not fill it. */
const SHORTEST = 20_000;
/** Longest time that a plot shows. */
const LONGEST = 3_600_000;
const MARGIN = 4;

/** Computes the lines of a plot: `total` and `available` as paths, the line of the wanted size, and what the axes end with. */
export function plot(samples, wanted, now) {
  const first = samples[0]?.at ?? now;
  const span = Math.min(LONGEST, Math.max(SHORTEST, now - first));
  const begin = now - span;
  const most = Math.max(1, wanted ?? 0, ...samples.map((sample) => sample.total));
  const x = (at) => round(((Math.max(at, begin) - begin) / span) * WIDTH);
  const y = (count) => round(HEIGHT - MARGIN - (count / most) * (HEIGHT - 2 * MARGIN));
  const line = (of) => steps(samples.map((sample) => [x(sample.at), y(of(sample))]));
  const total = line((sample) => sample.total);
  return {
    total,
    area: total && `${total}V${y(0)}H${x(first)}Z`,
    available: line((sample) => sample.available),
    wanted: wanted === null || wanted === undefined ? null : y(wanted),
    most,
    span,
  };
}

/** Says in a sentence what a plot shows. */
export function inWords(samples, wanted, now) {
  const last = samples.at(-1);
  if (!last) return "No counts yet.";
  const counts = samples.map((sample) => sample.total);
  const size = wanted === null || wanted === undefined ? "" : `, ${wanted} wanted`;
  const since = lasting(now - samples[0].at);
  const range = `between ${Math.min(...counts)} and ${Math.max(...counts)}`;
  return `${counted(last.total, "node")} now, ${last.available} available${size}; ${range} in the last ${since}.`;
}

function steps(points) {
  if (points.length === 0) return "";
  const [[x, y], ...rest] = points;
  return `M${x} ${y}${rest.map(([x, y]) => `H${x}V${y}`).join("")}H${WIDTH}`;
}

function round(number) {
  return Math.round(number * 10) / 10;
}
