// The Retry-After of an answer (RFC 9110 §10.2.3): seconds, or a date.

/** Seconds to wait; 0 when it says nothing that can be understood. */
export function parseRetryAfter(value: string, now: number): number {
  if (/^[0-9]{1,9}$/.test(value)) return Number(value)
  const at = /^[A-Z][a-z]{2}, /.test(value) ? Date.parse(value) : Number.NaN
  return Math.max(0, Math.ceil(at / 1_000) - now) || 0
}
