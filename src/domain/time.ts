// Times in JSON: RFC 3339. Ours are in UTC and whole seconds.

export const rfc3339 = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')

export const rfc3339OrNull = (seconds: number | null): string | null =>
  seconds === null ? null : rfc3339(seconds)

/** What is left over of the second. @param ms since the epoch */
export const withinSecond = (ms: number): number => Math.floor(ms) % 1_000

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Whole seconds since the epoch, rounded down; null for anything that is no time (RFC 3339 §5.6; leap seconds neither). */
export function parseRfc3339(text: string): number | null {
  const [written, local] = RFC_3339.exec(text.toUpperCase()) ?? []
  if (written === undefined || local === undefined) return null
  const asUtc = Date.parse(`${local}Z`)
  // A 30th of February would be read as a day of March.
  if (Number.isNaN(asUtc) || rfc3339(asUtc / 1_000) !== `${local}Z`) return null
  return Math.floor(Date.parse(written) / 1_000)
}
