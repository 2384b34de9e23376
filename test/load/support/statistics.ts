// Figures of many measurements.

/** The smallest value that at least this share of all are not above. @param share 0 … 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

const RESAMPLINGS = 400

/** Between which figures that of nine in ten such samples would lie (the bootstrap, by percentiles). */
export function likelyRange(
  sample: readonly number[][],
  figure: (...sample: number[][]) => number,
): [number, number] {
  const again = (values: readonly number[]) =>
    values.map(() => values[Math.floor(Math.random() * values.length)] ?? Number.NaN)
  const figures = Array.from({ length: RESAMPLINGS }, () => figure(...sample.map(again)))
  return [quantile(figures, 0.05), quantile(figures, 0.95)]
}

/** Lowest and highest, as text. */
export const spread = (values: readonly number[], digits = 0): string =>
  `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`
